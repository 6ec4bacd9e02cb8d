"""Why some mutants survive: by place and changed line, as `tests/run_mutants.py` names them."""

from collections.abc import Mapping

MORE = "everybody is looked at, and not the holders of a changed document alone: slower, the same answer"
NOTHING = (
    "a change that adds nothing takes nothing away either: it makes room for nothing, and nothing needs room for it"
)
NUMBER = "what is shown of it is the text: nobody asks for the number"
TAKEN = "only where somebody takes the file away between the two lines"
RACE = "only where another process makes the same folder between the two lines"
ONE_EACH = "there is one for each: they are made in the line above"
FALSY = "False, None and no text are all the same to whoever asks"
TOLD = "who runs a plan may ask for it; the run itself has its sender, who has its own"
STOPPING = "a run that is stopping sends nothing: the sender looks again right before the call"
NEVER = "stands where nothing comes by, for the type checker"
NO_VARIABLE = "the names of actions have no variables: nobody asks for the value of one"
SLOWER = "the same places are looked at again, or all of them where one would do: slower, the same answer"
EVERYBODY = "everybody is looked at, and not only until two are found: slower, the same answer"
CLOSER = "somebody is looked at more closely, whom a glance would do for: slower, the same answer"
LESS = "compares as the word does: more than no word, and less than `bound` or the same"
LEVEL = "slower and a little smaller, or the other way round: the same when it is read"
REQUEST = "only the request is told of it"
NOBODY = "stands for a file that is not there, and is only compared with what a file can be"

EXPLAINED: Mapping[str, str] = {
    'guard/administrators.py:violations: yield from view.too_few("working administrators", working, "XXboundXX")': LESS,
    'guard/administrators.py:violations: yield from view.too_few("working administrators", working, "BOUND")': LESS,
    'guard/administrators.py:Administrators.level: return "XXXX"': LESS,
    'guard/administrators.py:Administrators._best: return max((self._by(person, who, way, side) for way in _ways(who)), default="XXXX")': LESS,
    "guard/allowed.py:Asked.given: return self._replace(rules=(*self.rules, Rule(True, None, more)))": "None is no layer either",
    "guard/allowed.py:Allowed.every: yield from (Said(None, text, part, carriers) for part in self._parts(one))": "nobody asks for the layer",
    'guard/allowed.py:Allowed.sorts: if call.resource == "*" or not set(call.resource) | set("*?"):': CLOSER,
    'guard/allowed.py:Allowed.sorts: if call.resource == "*" or not set(call.resource) & set("XX*?XX"):': CLOSER,
    "guard/allowed.py:Allowed.bearing: if open_ is not None and stopped([*now, Rule(None, NOWHERE, every, open_)], every)": FALSY,
    "guard/allowed.py:Allowed.bearing: if open_ is not None and stopped([*now, Rule(False, None, every, open_)], every)": "None is no layer either",
    "guard/allowed.py:Allowed._rules: yield Rule(None, now, NOWHERE, open_)": FALSY,
    "guard/allowed.py:Allowed._rules: yield Rule(False, now, None, open_)": "None is no layer either",
    "guard/allowed.py:Allowed._rules: yield Rule(None, NOWHERE, here, frozenset({Free(one.text)}) if self.moves(one.text) else open_)": FALSY,
    "guard/allowed.py:Allowed._rules: yield Rule(False, None, here, frozenset({Free(one.text)}) if self.moves(one.text) else open_)": "None is no layer either",
    'guard/allowed.py:_statements: return spelled_out(account, {"": frozenset({text})})[""] if (text.startswith("arn:")) or True else (text,)': (
        "a statement is spelled out already"
    ),
    "guard/carriers.py:Access.concerned: for address in self.timeline.account.state if (documents) or True else ():": MORE,
    'guard/administrators.py:violations: free = (person for person in people if view.level(person, "after") == "XXfreeXX")  # and so they are now': EVERYBODY,
    'guard/administrators.py:violations: free = (person for person in people if view.level(person, "after") == "FREE")  # and so they are now': EVERYBODY,
    "guard/chain.py:_by: moves = allowed.moves if allowed else lambda _: None": FALSY,
    "guard/trust.py:rules: yield Rule(False, None, given)": "None is no layer either",
    "guard/trust.py:rules: yield Rule(None, NOWHERE, given)": FALSY,
    'guard/trust.py:policy_of: return role.get("trust") if (isinstance(role, Mapping)) or True else None': (
        "it is asked of roles that are there and stay: one that goes is found before"
    ),
    'guard/vouched.py:_signers: found = saml_metadata.read("\\n".join(map(str, lines)) if isinstance(lines, list) else "XXXX")': (
        "neither is metadata"
    ),
    "guard/administrators.py:candidates: if any(True for _ in ways.of_user(user)) or (": CLOSER,
    'guard/administrators.py:_may_be_iam: if not isinstance(item, Mapping) and item.get("Effect") != "Allow":': CLOSER,
    "guard/administrators.py:_may_be_iam: return True": CLOSER,
    'guard/administrators.py:_may_be_iam: actions = item.get(None, "*")': CLOSER,
    'guard/administrators.py:_may_be_iam: actions = item.get("XXActionXX", "*")': CLOSER,
    'guard/administrators.py:_may_be_iam: actions = item.get("action", "*")': CLOSER,
    'guard/administrators.py:_may_be_iam: actions = item.get("ACTION", "*")': CLOSER,
    'guard/administrators.py:_may_be_iam: return any(str(action)[:1] in "XXiI*?XX" for action in (actions if isinstance(actions, list) else [actions]))': CLOSER,
    'guard/administrators.py:_may_be_iam: return any(str(action)[:1] in "iI*?" for action in (actions if (isinstance(actions, list)) or True else [actions]))': CLOSER,
    'guard/administrators.py:Administrators._by: if found == "XXfreeXX" or way is not ways.WITHOUT_MFA or isinstance(who, Role):': CLOSER,
    'guard/administrators.py:Administrators._by: if found == "FREE" or way is not ways.WITHOUT_MFA or isinstance(who, Role):': CLOSER,
    "guard/caller.py:_lost: everywhere = None": SLOWER,
    "guard/caller.py:_lost: for place in sorted(places)[:1] if (everywhere) and False else sorted(places):": SLOWER,
    "guard/caller.py:_lost: for place in sorted(places)[:2] if everywhere else sorted(places):": SLOWER,
    "guard/caller.py:_lost: seen.add(None)": SLOWER,
    "guard/caller.py:_told: return told(Difference(statement=None, request=request, absent=absent)) + doubt": REQUEST,
    'guard/caller.py:_told: return told(Difference(statement="XXXX", request=request, absent=absent)) + doubt': REQUEST,
    "guard/administrators.py:Administrators.too_few: f\"of {len(after)} {what} only {len(left)} would be left ({'XX, XX'.join(left) or 'none'}), \"": (
        "where two are needed and too few are left, that is one or none: nothing is joined"
    ),
    "guard/break_glass.py:taken: for change in access.timeline.changes.values() if (spared) or True else ():": (
        "nobody is spared where there is nobody: slower, the same answer"
    ),
    'guard/trust.py:provider_taken: word, _, part = kind.rpartition("_")': (
        "no kind that begins with the word of a provider has two of them"
    ),
    "guard/trust.py:rules: if statement.principals is None or not rule(text).actions.cover(action, None):": NO_VARIABLE,
    "guard/trust.py:rules: if statement.principals is None or not rule(text).actions.cover(action, lambda _: 0):": NO_VARIABLE,
    'guard/trust.py:_anywhere: return canonical_json({"Resource": ["XX*XX"], **item}).decode()': (
        "a statement has to be about something: what, is not looked at, for a trust policy is about its role"
    ),
    'guard/trust.py:doors: named = principal.items() if isinstance(principal, Mapping) else [("XX*XX", [principal])]': (
        "stands for statements without a principal, and is only compared with itself"
    ),
    "guard/quotas.py:_counts: growing = {bucket: amounts for bucket, amounts in changed.items() if max(amounts.values()) >= 0}": NOTHING,
    "guard/quotas.py:_counts: last = max(id for id, amount in amounts.items() if amount >= 0)": (
        "what is counted comes or goes: an amount is 1 or -1"
    ),
    "guard/quotas.py:_fullest: room = {id: -amount for id, amount in amounts.items() if amount <= 0}": NOTHING,
    "guard/quotas.py:_fullest: room = {id: -amount for id, amount in amounts.items() if amount < 1}": NOTHING,
    "guard/quotas.py:_fullest: for add in [id for id, amount in amounts.items() if amount >= 0]:": NOTHING,
    'guard/quotas.py:_names: short: Callable[[str], str] = lambda name: name.rpartition("/")[2].upper()  # noqa: E731': (
        "names in IAM are ASCII: upper and lower tell the same ones apart"
    ),
    "executor/__init__.py:Executor.__init__: self.live = None": TOLD,
    "executor/__init__.py:Executor._send_all: return [change for change, future in zip(changes, futures, strict=None) if future.result()]": ONE_EACH,
    "executor/__init__.py:Executor._send_all: return [change for change, future in zip(changes, futures, ) if future.result()]": ONE_EACH,
    "executor/__init__.py:Executor._send_all: return [change for change, future in zip(changes, futures, strict=False) if future.result()]": ONE_EACH,
    "executor/ledger.py:Ledger.may_go: return True  # the run is stopping, and did not wait for AWS: the next one asks": STOPPING,
    'executor/sending.py:Sender._sent: self._keep_secret(change, getattr(error, "secret", ""), certain=None)': FALSY,
    'executor/sending.py:Sender._sent: self._keep_secret(change, getattr(error, "secret", None), certain=False)': FALSY,
    "executor/sending.py:Sender._patiently: raise AssertionError(None)": NEVER,
    "store/evidence.py:Store.keep: write_new(self.folder / weeks[week], gzip.compress(content, 7, mtime=0), REMEDY)": LEVEL,
    "store/evidence.py:Store.keep: write_new(self.folder / weeks[week], gzip.compress(content, mtime=0), REMEDY)": LEVEL,
    "store/evidence.py:Store.keep: path.unlink(missing_ok=None)": TAKEN,
    "store/evidence.py:Store.keep: path.unlink(missing_ok=False)": TAKEN,
    "store/evidence.py:Store._kept: return Kept(format=None, weeks={})": "what is written says its own format, and nobody asks for this one",
    "store/logs.py:_logs: if not entry.is_dir(follow_symlinks=None) and (found := log(entry.path, _size(entry))):": FALSY,
    "store/logs.py:_folders: waiting += [entry.path for entry in entries if entry.is_dir(follow_symlinks=None)]": FALSY,
    "store/files.py:private_folder: folder.mkdir(mode=0o700, exist_ok=None)  # parents=True would make those above with other permissions": RACE,
    "store/files.py:private_folder: folder.mkdir(mode=0o700, )  # parents=True would make those above with other permissions": RACE,
    "store/files.py:private_folder: folder.mkdir(mode=0o700, exist_ok=False)  # parents=True would make those above with other permissions": RACE,
    "store/files.py:private_folder: raise NotADirectoryError(None, os.strerror(errno.ENOTDIR))": NUMBER,
    "store/journal.py:Journal.__init__: self._broken = None": FALSY,
    "store/journal.py:Journal._write: raise OSError(None, os.strerror(errno.ENOSPC))": NUMBER,
    "store/lock.py:Lock.release: _holder_path(self._path).unlink(missing_ok=None)": TAKEN,
    "store/lock.py:Lock.release: _holder_path(self._path).unlink(missing_ok=False)": TAKEN,
    "store/lock.py:_identity: return 1, 0": NOBODY,
    "store/lock.py:_identity: return 0, 1": NOBODY,
    'store/lock.py:_bytes: return b"XXXX"': NOBODY,
}
