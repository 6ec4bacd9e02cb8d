"""What CloudTrail says about who does what, folded into a summary that can be merged in any order.

    record     one record of a log file, as far as it is needed here
    principal  who made a call, and with which credential
    ladder     what a summary gives up, in which order, so that it stays small
    resource   which resource a call was about
    fold       records into a summary
    summary    what a summary is, and how two become one
    signs      of credentials that several share, and of work through the wrong ones; sharing: what they come to
    sessions   who stands behind the session of a role
    actions    which permission a call needed; exceptions: those that go by another name
    arns       which resources a call was about, where its record lists none; parameters: what their parts are called
    deeds      what somebody did, by the permissions that it needed
    proposal   the smallest statements that allow it
    facts      what controls need to know of the records

Nothing here reads a file or asks the clock.
"""
