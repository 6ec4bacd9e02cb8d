"""IAM Access Analyzer: analyzers of one region, without findings.

A name is taken once, whatever the type. Of the types for one account there may be one analyzer a region, of those for
an organization five, but for internal access, which is one.
https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_CreateAnalyzer.html,
https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-quotas.html
"""

from typing import Any, NoReturn

from moto.core.base_backend import BackendDict, BaseBackend
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, BaseResponse
from moto.core.utils import utcnow

SERVICE = "accessanalyzer"
PER_ORGANIZATION = {"ORGANIZATION": 5, "ORGANIZATION_UNUSED_ACCESS": 5}


class Refusal(ServiceException):
    """AWS says no, and about which analyzer."""

    def __init__(self, code: str, message: str, name: str) -> None:
        super().__init__(code, message)
        self.resourceId = name
        self.resourceType = "Analyzer"


class AccessAnalyzerBackend(BaseBackend):
    """The analyzers of one account and region, by name; as GetAnalyzer shows them."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.analyzers: dict[str, dict[str, Any]] = {}
        self.tokens: dict[str, str] = {}
        """The client token with which each was made, by its name."""

    def create(self, name: str, type: str, token: str = "", **shown: Any) -> str:
        if name in self.analyzers and (not token or self.tokens[name] != token):
            self._refuse("ConflictException", f"An analyzer named {name} already exists.", name)
        same = [a for a in self.analyzers.values() if a["type"] == type and a["name"] != name]
        if len(same) >= PER_ORGANIZATION.get(type, 1):
            self._refuse("ServiceQuotaExceededException", f"The maximum of analyzers of type {type} is reached.", name)
        arn = f"arn:{self.partition}:access-analyzer:{self.region_name}:{self.account_id}:analyzer/{name}"
        summary = {"arn": arn, "name": name, "type": type, "status": "ACTIVE", "createdAt": utcnow(), **shown}
        self.analyzers.setdefault(name, summary)
        self.tokens[name] = token
        return arn

    def get(self, name: str) -> dict[str, Any]:
        if name not in self.analyzers:
            self._refuse("ResourceNotFoundException", f"There is no analyzer {name}.", name)
        return self.analyzers[name]

    def delete(self, name: str) -> None:
        self.get(name)
        del self.analyzers[name], self.tokens[name]

    def _refuse(self, code: str, message: str, name: str) -> NoReturn:
        raise Refusal(code, message, name)


access_analyzer_backends: Any = BackendDict(AccessAnalyzerBackend, SERVICE)


class Response(BaseResponse):
    """One method an operation."""

    def __init__(self) -> None:
        super().__init__(SERVICE)
        self.automated_parameter_parsing = True

    @property
    def backend(self) -> AccessAnalyzerBackend:
        backend: AccessAnalyzerBackend = access_analyzer_backends[self.current_account][self.region]
        return backend

    def list_analyzers(self) -> ActionResult:
        """One page after another: the token of the next is the name of its first analyzer."""
        kind, start, size = (self._get_param(p) for p in ("type", "nextToken", "maxResults"))
        shown = sorted(self.backend.analyzers)
        found = [n for n in shown if n >= (start or "") and kind in (None, self.backend.analyzers[n]["type"])]
        end = int(size or 100)
        rest = {"nextToken": found[end]} if found[end:] else {}
        return ActionResult({"analyzers": [self.backend.analyzers[n] for n in found[:end]], **rest})

    def create_analyzer(self) -> ActionResult:
        more = {"tags": self._get_param("tags") or {}}
        configuration = self._get_param("configuration")
        more |= {"configuration": configuration} if configuration else {}
        name, kind = self._get_param("analyzerName"), self._get_param("type")
        return ActionResult({"arn": self.backend.create(name, kind, self._get_param("clientToken") or "", **more)})

    def get_analyzer(self) -> ActionResult:
        return ActionResult({"analyzer": self.backend.get(self._get_param("analyzerName"))})

    def delete_analyzer(self) -> ActionResult:
        self.backend.delete(self._get_param("analyzerName"))
        return ActionResult({})
