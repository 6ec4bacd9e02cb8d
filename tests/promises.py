"""What the README promises, each with the tests that fail when it is broken."""

EXECUTOR = "tests/engine/test_executor.py::"
ROLLBACK = "tests/engine/test_rollback.py::"
CRASH = "tests/engine/test_crash.py::"
BAD = "tests/cli/test_bad_input.py::"

PROMISES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("`plan` only reads", ("tests/aws/test_reader.py::test_planning_sends_nothing_that_changes",)),
    (
        "A read that fails is reported as unknown, never taken for a pass; short pages lose nothing",
        (
            "tests/aws/test_reader.py::test_a_denied_read_is_an_unknown",
            "tests/aws/test_reader.py::test_short_and_empty_pages_give_the_same_account",
        ),
    ),
    (
        "Moving policies to groups leaves everybody's access the same set, before, between and after",
        (
            "tests/test_access_kept.py::test_nobody_gains_or_loses_anything_between_any_two_changes",
            "tests/controls/test_groups.py::test_any_account_moves_with_access_unchanged_and_back_again",
            "tests/guard/test_guard_access.py::test_any_plan_is_accepted_if_and_only_if_it_has_no_bad_moment",
        ),
    ),
    (
        "The caller and at least two administrators keep working",
        ("tests/guard/test_guard_lockout.py::test_what_would_lock_out",),
    ),
    (
        "IAM's quotas hold at every moment of an apply",
        ("tests/guard/test_guard_quotas.py::test_a_plan_is_accepted_only_if_no_moment_is_over_the_limit",),
    ),
    (
        "No plan denies anything to whoever runs it; an administrator whom a new rule would stop counts as stopped",
        (
            "tests/guard/test_guard_denial.py::test_no_plan_denies_anything_to_its_caller",
            "tests/guard/test_guard_denial.py::test_what_would_lock_administrators_out",
        ),
    ),
    (
        "Every control finds its fault, repairs it, finds nothing more, and is taken back",
        ("tests/controls/test_every_control.py::test_found_repaired_and_taken_back",),
    ),
    (
        "Every kind of entry, interrupted at any of its calls, ends as it was or as it was planned",
        ("tests/aws/test_contract.py::test_interrupted_at_each_call",),
    ),
    (
        "The secret of a new access key goes to Secrets Manager, and nowhere else",
        ("tests/aws/test_issued_key_secrecy.py::test_the_secret_of_a_new_key_is_shown_to_nobody",),
    ),
    (
        "A member's root user is acted for only once AWS has said that it is that root user",
        ("tests/aws/test_root_session.py::test_the_proof_comes_before_the_first_call_without_a_user",),
    ),
    (
        "Who is exempt is untouched",
        ("tests/guard/test_guard_rules.py::test_the_exempt_are_untouched",),
    ),
    (
        "A key is deactivated first and deleted in a later plan; only the stale one of several keys is touched",
        (
            "tests/guard/test_guard_rules.py::test_deactivation_and_deletion_never_share_a_plan",
            "tests/controls/test_unused_credentials.py::test_only_the_stale_one_of_four",
        ),
    ),
    (
        "A credential that was used after the plan was made stays",
        (EXECUTOR + "test_a_credential_used_since_the_plan_stays",),
    ),
    (
        "A stricter password policy is never weakened",
        ("tests/controls/test_password_policy.py::test_every_mask_of_absent_settings_is_never_weaker_in_any",),
    ),
    (
        "Other people's statements in bucket and key policies stay byte for byte",
        ("tests/controls/test_trail.py::test_statements_of_other_people_stay_byte_for_byte",),
    ),
    (
        "What records comes before every other change, and no trail goes dark",
        (
            "tests/test_order.py::test_what_puts_the_rest_on_record_comes_first",
            "tests/guard/test_guard_rules.py::test_no_trail_goes_dark",
        ),
    ),
    (
        "What is applied is what was reviewed: an altered, expired, foreign or replayed plan is refused",
        (
            "tests/store/test_plans.py::test_every_byte_counts",
            BAD + "test_an_expired_plan",
            BAD + "test_a_plan_of_another_account",
            BAD + "test_a_plan_that_was_applied_and_rolled_back",
        ),
    ),
    (
        "The account is looked at again before each change: an edit in between is never overwritten",
        (EXECUTOR + "test_an_edit_between_any_two_calls_is_never_overwritten",),
    ),
    (
        "Each change is sent once; a lost answer makes no duplicate and no false failure",
        (EXECUTOR + "test_a_lost_answer_makes_no_duplicate_and_no_false_failure",),
    ),
    (
        "Throttling slows a run down, and it finishes",
        (EXECUTOR + "test_throttling_slows_down_and_finishes",),
    ),
    (
        "AWS may take its time to show a change: up to two minutes",
        (EXECUTOR + "test_what_was_created_is_waited_for",),
    ),
    (
        "A denied call, ended credentials or Ctrl-C stop cleanly, and the same command goes on",
        (
            EXECUTOR + "test_each_call_denied",
            EXECUTOR + "test_credentials_that_end_at_each_call",
            BAD + "test_an_interruption_in_the_middle",
        ),
    ),
    (
        "A crash loses nothing: killed at any call or record, the same command reaches the same account",
        (CRASH + "test_a_killed_apply_goes_on", CRASH + "test_a_killed_rollback_goes_on"),
    ),
    (
        "Nothing is sent once the journal cannot be written",
        (EXECUTOR + "test_nothing_is_sent_once_the_journal_cannot_be_written",),
    ),
    (
        "Rollback restores the account, but for what the plan said it would not",
        (ROLLBACK + "test_there_and_back", ROLLBACK + "test_a_group_that_somebody_joined_stays"),
    ),
    (
        "One run an account at a time",
        ("tests/store/test_lock.py::test_of_two_processes_one_is_refused",),
    ),
    (
        "One-time passwords are shown once and stored nowhere; plans and journals are for their owner's eyes",
        (
            "tests/cli/test_secrets.py::test_one_time_passwords_are_shown_once",
            "tests/store/test_plans.py::test_only_the_owner_can_read",
        ),
    ),
    (
        "Names from AWS are inert on terminals, in Markdown and in HTML",
        (
            "tests/render/test_render_plan.py::test_hostile_names_are_inert",
            "tests/render/test_render_pages.py::test_a_plan_of_hostile_names_keeps_its_shape_in_markdown",
            "tests/render/test_render_pages.py::test_a_page_of_hostile_names_keeps_its_tags",
        ),
    ),
    (
        "The policy of a plan names every call of its apply and its rollback",
        ("tests/test_permissions.py::test_the_policy_of_a_plan_is_enough_to_apply_it_and_take_it_back",),
    ),
    (
        "Two plans of one account are the same but for time and digest",
        ("tests/test_cli_story.py::test_two_plans_of_one_account_are_the_same",),
    ),
    (
        "Unattended correction stays within what the playbook approves, and within its limits",
        (
            "tests/test_cli_story.py::test_correction_over_a_limit_leaves_everything_to_review",
            "tests/test_cli_story.py::test_correction_never_does_what_is_not_approved",
        ),
    ),
)
