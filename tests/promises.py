"""What the README promises, each with the tests that fail when it is broken. R1 to R30 are what reliability asks."""

EXECUTOR = "tests/engine/test_executor.py::"
EACH = "tests/engine/test_each_mutation.py::"
LATE = "tests/engine/test_seen_late.py::"
ELSE = "tests/engine/test_somebody_else.py::"
ROLLBACK = "tests/engine/test_rollback.py::"
CRASH = "tests/engine/test_crash.py::"
FENCING = "tests/engine/test_fencing.py::"
BAD = "tests/cli/test_bad_input.py::"
READER = "tests/aws/test_reader.py::"
PHASES = "tests/engine/test_least_privilege_of_phases.py::"
RULES = "tests/guard/test_guard_rules.py::"

RELIABILITY: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "Each change is sent once; after an answer that was lost the account is asked before anything is sent again",
        (
            EACH + "test_a_lost_answer_makes_no_duplicate_and_no_false_failure",
            EXECUTOR + "test_the_sdk_sends_a_write_once_in_every_retry_mode",
            "tests/aws/test_contract.py::test_interrupted_at_each_call",
            "tests/aws/test_faults.py::test_every_changing_operation_of_the_source_meets_the_faults",
        ),
    ),
    (
        "One table says what is tried again; a refusal never is",
        (
            "tests/aws/test_failures.py::test_each_code",
            EACH + "test_a_refusal_is_recorded_and_never_sent_again",
            EXECUTOR + "test_what_aws_did_not_do_yet_is_tried_again",
            EXECUTOR + "test_a_read_that_is_refused_is_sent_once",
        ),
    ),
    (
        "A new key whose answer was lost is found and deleted before another is made: none stays whose secret is lost",
        ("tests/aws/test_issued_keys.py::test_killed_at_every_point",),
    ),
    (
        "AWS may take its time to show a change: up to two minutes",
        (
            LATE + "test_what_was_created_is_waited_for",
            "tests/engine/test_lag.py::test_a_change_is_seen_within_two_minutes",
            "tests/controls/test_every_control.py::test_all_together_while_the_account_lags",
        ),
    ),
    (
        "Throttling slows a run down, and it finishes",
        (
            EXECUTOR + "test_throttling_slows_down_and_finishes",
            "tests/engine/test_storm.py::test_the_same_account_comes_of_it",
        ),
    ),
    (
        "Short and empty pages lose nothing",
        (READER + "test_short_and_empty_pages_give_the_same_account",),
    ),
    ("`plan` only reads", (READER + "test_planning_sends_nothing_that_changes",)),
    (
        "The account is looked at again before each change: an edit in between is never overwritten",
        (
            ELSE + "test_an_edit_between_any_two_calls_is_never_overwritten",
            "tests/aws/test_faults.py::test_an_unknown_outcome_and_somebody_elses_value",
        ),
    ),
    (
        "Nothing is written to another account than the plan's, even if the credentials change on the way",
        (ELSE + "test_swapped_credentials_write_nothing", BAD + "test_a_plan_of_another_account"),
    ),
    (
        "What is applied is what was reviewed: an altered, expired, foreign or replayed plan is refused",
        (
            "tests/store/test_plans.py::test_every_byte_counts",
            "tests/store/test_plans.py::test_an_edited_plan_is_refused",
            BAD + "test_an_expired_plan",
            BAD + "test_a_plan_that_was_applied_and_rolled_back",
            "tests/cli/test_approve.py::test_every_byte_of_the_approval_counts_to_apply",
            "tests/store/test_hostile_files.py::test_a_damaged_plan_is_refused",
        ),
    ),
    (
        "Unattended correction stays within what the playbook approves, and within its limits",
        (
            "tests/guard/test_guard_limits.py::test_the_share_of_users",
            "tests/guard/test_guard_limits.py::test_the_number_of_changes",
            "tests/test_cli_story.py::test_correction_over_a_limit_leaves_everything_to_review",
            "tests/test_cli_story.py::test_correction_never_does_what_is_not_approved",
        ),
    ),
    (
        "IAM's quotas hold at every moment of an apply",
        (
            "tests/guard/test_guard_quotas.py::test_a_plan_is_accepted_only_if_no_moment_is_over_the_limit",
            "tests/guard/test_guard_quotas.py::test_at_the_limit_and_one_over",
            "tests/engine/test_quotas_met.py::test_no_plan_that_is_accepted_stops_at_a_quota",
        ),
    ),
    (
        "Only the stale one of several keys is touched",
        ("tests/controls/test_unused_credentials.py::test_only_the_stale_one_of_four",),
    ),
    (
        "A credential that was used after the plan was made stays",
        (
            "tests/engine/test_evidence.py::test_a_credential_used_since_the_plan_stays",
            "tests/engine/test_evidence.py::test_evidence_that_cannot_be_read_stops_the_change",
            "tests/aws/test_root_session.py::test_a_key_used_since_the_plan_is_not_deleted",
        ),
    ),
    (
        "A key is deactivated first and deleted in a later plan",
        (RULES + "test_deactivation_and_deletion_never_share_a_plan",),
    ),
    (
        "The caller and at least two administrators keep working, and everybody can sign in, at every moment of a plan",
        (
            "tests/guard/test_nobody_locked_out.py::"
            "test_what_is_let_through_leaves_the_caller_and_two_administrators_working",
            "tests/guard/test_guard_lockout.py::test_what_would_lock_out",
            "tests/guard/test_guard_administrators.py::test_how_somebody_works_as_an_administrator",
            "tests/guard/test_guard_administrators.py::test_what_would_lock_administrators_out",
            "tests/guard/test_guard_trust.py::test_a_role_whose_people_no_identity_provider_vouches_for",
            "tests/guard/test_guard_caller.py::test_a_deny_that_comes_is_weighed_by_what_the_plan_calls",
            "tests/guard/test_guard_caller.py::test_what_a_plan_may_do_to_its_caller",
            "tests/guard/test_guard_chain.py::test_who_assumed_the_role_can_assume_it_again",
            "tests/guard/test_guard_expiry.py::test_a_change_of_hard_expiry",
            "tests/guard/test_guard_sign_in.py::test_what_is_left_to_whoever_is_newly_asked_for_mfa",
        ),
    ),
    (
        "Who is exempt is untouched, and where tags could not be read, everybody is",
        (
            "tests/test_exempt.py::test_no_plan_touches_who_is_exempt",
            "tests/test_exempt.py::test_where_tags_could_not_be_read_everybody_is_left_alone",
            RULES + "test_the_exempt_are_untouched",
        ),
    ),
    (
        "MFA enforcement never stops a key in use",
        ("tests/controls/test_mfa.py::test_who_is_asked",),
    ),
    (
        "A stricter password policy is never weakened; it is read, merged and written whole",
        (
            "tests/controls/test_password_policy.py::test_every_mask_of_absent_settings_is_never_weaker_in_any",
            "tests/controls/test_password_policy.py::test_every_mask_is_settled_by_one_write_or_left_to_a_person",
        ),
    ),
    (
        "Every call says whom it is about; root is acted for only once AWS has said that it is that root user",
        (
            EACH + "test_user_name_is_always_explicit",
            "tests/aws/test_root_session.py::test_the_proof_comes_before_the_first_call_without_a_user",
        ),
    ),
    (
        "Other people's statements in bucket and key policies stay byte for byte",
        ("tests/controls/test_trail.py::test_statements_of_other_people_stay_byte_for_byte",),
    ),
    (
        "A crash loses nothing: killed at any call or record, the same command reaches the same account",
        (
            CRASH + "test_killed_once_it_goes_on",
            CRASH + "test_killed_again_and_again_it_goes_on",
            CRASH + "test_the_last_record_cut_at_any_byte",
        ),
    ),
    (
        "One run an account at a time; a run that lost its lock or its journal sends nothing more",
        (
            "tests/store/test_lock.py::test_of_two_processes_one_is_refused",
            "tests/cli/test_one_run.py::test_who_comes_second_is_refused_and_goes_on_later",
            "tests/cli/test_one_run.py::test_a_run_says_what_it_is_and_without_its_lock_it_writes_nothing",
            FENCING + "test_a_holder_whose_lock_was_taken_sends_nothing_more",
            FENCING + "test_a_journal_that_somebody_else_changed_ends_the_run",
        ),
    ),
    (
        "An unknown outcome is asked, not guessed",
        (
            EACH + "test_a_call_that_never_arrived_is_sent_once_more",
            ROLLBACK + "test_a_change_whose_outcome_is_unknown_goes_back_if_it_was_done",
            "tests/engine/test_lag.py::test_a_lost_answer_makes_no_duplicate_while_the_account_lags",
        ),
    ),
    (
        "Rollback restores the account, but for what the plan said it would not",
        (
            ROLLBACK + "test_there_and_back",
            ROLLBACK + "test_an_interrupted_rollback_goes_on",
            ROLLBACK + "test_a_group_that_somebody_joined_stays",
        ),
    ),
    (
        "Ended credentials or Ctrl-C stop between changes, and the same command goes on",
        (
            EXECUTOR + "test_credentials_that_end_at_each_call",
            BAD + "test_an_interruption_in_the_middle",
            "tests/aws/test_each_read.py::test_credentials_that_end_at_each_read",
        ),
    ),
    (
        "No error is swallowed: a denied call is a failure or an unknown, never a pass",
        (
            EXECUTOR + "test_each_call_denied",
            READER + "test_a_denied_read_is_an_unknown",
            "tests/aws/test_each_read.py::test_each_read_denied",
        ),
    ),
    (
        "One-time passwords and new keys are shown once or stored where you said, and nowhere else",
        (
            "tests/cli/test_secrets.py::test_one_time_passwords_are_shown_once",
            "tests/cli/test_canaries.py::test_the_whole_story_with_every_log_turned_on",
            "tests/aws/test_issued_key_secrecy.py::test_the_secret_of_a_new_key_is_shown_to_nobody",
            "tests/store/test_plans.py::test_only_the_owner_can_read",
        ),
    ),
    (
        "Names from AWS are inert on terminals, in Markdown, HTML and CSV",
        (
            "tests/render/test_render_plan.py::test_hostile_names_are_inert",
            "tests/render/test_hostile.py::test_a_screen_holds_nothing_that_a_terminal_acts_upon",
            "tests/render/test_hostile.py::test_csv_reads_back_and_computes_nothing",
            "tests/render/test_render_pages.py::test_a_plan_of_hostile_names_keeps_its_shape_in_markdown",
            "tests/render/test_render_pages.py::test_a_page_of_hostile_names_keeps_its_tags",
        ),
    ),
    (
        "The policy of a plan names every call of its apply and its rollback, and no more",
        (
            "tests/test_permissions.py::test_the_policy_of_a_plan_is_enough_to_apply_it_and_take_it_back",
            "tests/test_permissions.py::test_what_it_may_change_is_what_the_plan_changes_and_its_way_back",
            PHASES + "test_plan_apply_and_rollback_of_everything_each_under_only_its_own_policy",
            PHASES + "test_without_a_permission_apply_and_rollback_stop_cleanly_and_with_it_they_go_on",
        ),
    ),
)
"""R1 to R30, in their order."""

BESIDES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "Whatever happens, in whatever order: crashes, faults and other people's edits break none of these rules",
        (
            "tests/engine/test_machine.py::test_whatever_happens_nothing_is_lost_and_nobody_is_locked_out",
            "tests/model/test_model.py::test_no_rule_is_broken_in_any_state",
            "tests/model/test_replay.py::test_the_program_does_what_the_model_does",
        ),
    ),
    (
        "Where signatures are required, only what somebody else approved is applied",
        (
            "tests/cli/test_approve.py::test_nothing_is_called_without_an_approval",
            "tests/cli/test_approve.py::test_the_planners_own_approval",
            "tests/test_approval.py::test_what_is_refused",
        ),
    ),
    (
        "A run as a role can do what its plan needs, and change nothing else",
        (
            "tests/cli/test_assume_role.py::test_a_run_can_change_nothing_that_is_not_in_its_plan",
            "tests/test_session_policy.py::"
            "test_the_sessions_together_may_do_all_that_the_plan_needs_and_change_nothing_else",
        ),
    ),
    (
        "Nobody gains or loses access that a plan does not declare; what it declares is shown by requests",
        (
            "tests/guard/test_guard_access.py::test_any_plan_is_accepted_if_and_only_if_it_has_no_bad_moment",
            "tests/test_proof.py::test_a_migration_that_loses_something_is_caught",
            "tests/test_proof.py::test_proof_and_evaluator_never_disagree",
            "tests/policy/test_compare.py::test_comparison_and_evaluator_never_disagree",
            "tests/policy/test_evaluate_cases.py::test_a_request_is_decided_as_the_page_says",
        ),
    ),
    (
        "A plan can be tried on a twin of its account first, applied and taken back, and nothing real is reached",
        (
            "tests/rehearsal/test_rehearsal.py::test_the_shipped_playbooks_go_through_on_the_messy_account",
            "tests/cli/test_rehearse.py::test_nothing_but_this_machine_is_reached",
            "tests/cli/test_rehearse.py::test_a_plan_without_its_rehearsal_is_not_applied_where_that_is_asked",
        ),
    ),
    (
        "Nothing is taken from those who get in when nobody else can",
        (
            "tests/guard/test_guard_break_glass.py::test_what_a_change_takes",
            "tests/guard/test_guard_break_glass.py::test_a_rollback_leaves_what_they_would_miss",
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
        "Every control finds its fault, repairs it, finds nothing more, and is taken back",
        ("tests/controls/test_every_control.py::test_found_repaired_and_taken_back",),
    ),
    (
        "What records comes before every other change, and no trail goes dark",
        ("tests/test_order.py::test_what_puts_the_rest_on_record_comes_first", RULES + "test_no_trail_goes_dark"),
    ),
    (
        "Every journal can be verified: a record that was changed, dropped, moved or cut off shows",
        (
            "tests/store/test_journal.py::test_every_changed_byte_shows",
            "tests/store/test_heads.py::test_every_cut_at_a_record_and_a_changed_last_record_are_refused",
            "tests/test_audit.py::test_what_cannot_have_happened",
        ),
    ),
    (
        "Nothing is sent once the journal cannot be written",
        (EXECUTOR + "test_nothing_is_sent_once_the_journal_cannot_be_written",),
    ),
    (
        "Two plans of one account are the same but for time and digest",
        ("tests/test_cli_story.py::test_two_plans_of_one_account_are_the_same",),
    ),
)

PROMISES = tuple((f"R{n}", *promise) for n, promise in enumerate(RELIABILITY, start=1)) + tuple(
    ("", *promise) for promise in BESIDES
)
