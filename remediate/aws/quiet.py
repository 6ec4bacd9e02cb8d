"""The SDK's debug log, withheld: it quotes every request and every answer whole.

CreateLoginProfile's password, the secret of a new access key, a secret's value, the credentials of an assumed role and
the caller's session token all stand in it as they are, and the SDK has no setting against that: AWS warns of it.
https://docs.aws.amazon.com/boto3/latest/reference/core/boto3.html#boto3.set_stream_logger
"""

import logging

SDK = frozenset({"boto3", "botocore", "s3transfer"})


class Withheld(logging.Filter):
    """Lets through what is meant for people, and no debug record, whoever turned them on and however."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno > logging.DEBUG


_FILTER = Withheld()


def withhold() -> None:
    """Puts the filter on every logger of the SDK that there is.

    A filter on the topmost one would not do: it is not asked about what those below it log. They come with the modules
    of the SDK, so this is called again when a client has brought in more of these.
    """
    for name, logger in list(logging.root.manager.loggerDict.items()):
        if name.partition(".")[0] in SDK and isinstance(logger, logging.Logger):
            logger.addFilter(_FILTER)
