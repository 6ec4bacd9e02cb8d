"""A bucket of log files: what lies in it, and what each object holds."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from remediate.aws.bucket_errors import explained
from remediate.aws.session import Answer, Session, translated
from remediate.errors import CallFailed, CredentialsEnded, OutcomeUnknown

MAX_BYTES = 128 * 1024 * 1024
ATTEMPTS = 4
"""To read an object whose content does not arrive whole: the SDK repeats only what fails before that."""
LOST = {
    "NoSuchKey": "it is not there any more",
    "InvalidObjectState": "it is archived: restore it first (aws s3api restore-object)",
}
"""What a single object may have come to since it was listed.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html#API_GetObject_Errors"""


class Found(NamedTuple):
    """An object."""

    key: str
    size: int
    tag: str
    """Changes with its content."""


class Lost(Exception):
    """An object was listed and cannot be read all the same. `str()` says why."""


class Cut(Lost):
    """It did not arrive whole."""


class Bucket:
    """A bucket. What is refused is a BadInput or RemediateError that says what is needed."""

    def __init__(self, aws: Session, name: str, *, requester_pays: bool = False) -> None:
        """`requester_pays`: the caller's account pays for the requests, where the bucket asks for that."""
        self._aws = aws
        self.name = name
        self._more: Mapping[str, str] = {"RequestPayer": "requester"} if requester_pays else {}

    def folders(self, prefix: str) -> list[str]:
        """What begins with a prefix, up to the next slash after it, that slash included."""
        pages = self._pages(Prefix=prefix, Delimiter="/")
        return [str(one["Prefix"]) for page in pages for one in page.get("CommonPrefixes", ())]

    def objects(self, prefix: str, after: str = "") -> Iterator[Found]:
        """All objects that begin with a prefix, those alone that come after a key."""
        for page in self._pages(Prefix=prefix, **({"StartAfter": after} if after else {})):
            for one in page.get("Contents", ()):
                yield Found(str(one["Key"]), int(one["Size"]), str(one.get("ETag", "")))

    def content(self, key: str) -> bytes:
        """What an object holds. Raises Lost."""
        from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

        again = Retrying(
            retry=retry_if_exception_type(Cut),
            stop=stop_after_attempt(ATTEMPTS),
            wait=wait_random_exponential(multiplier=0.1, max=5),
            reraise=True,
        )
        return again(self._content, key)

    def _content(self, key: str) -> bytes:
        with self._refusals(key):
            answer = self._aws.read("s3", "get_object", Bucket=self.name, Key=key, **self._more)
        body: Any = answer["Body"]
        try:
            if answer["ContentLength"] > MAX_BYTES:
                raise Lost(f"it is larger than {MAX_BYTES:,} bytes")
            with translated("get_object"):
                return bytes(body.read())
        except OutcomeUnknown as error:
            raise Cut(f"it did not arrive whole: {error.message}") from None
        finally:
            body.close()

    def _pages(self, **asked: str) -> Iterator[Answer]:
        with self._refusals(""):
            yield from self._aws.pages("s3", "list_objects_v2", Bucket=self.name, **asked, **self._more)

    @contextmanager
    def _refusals(self, key: str) -> Iterator[None]:
        try:
            yield
        except CredentialsEnded:
            raise
        except CallFailed as error:
            if key and error.code in LOST:
                raise Lost(LOST[error.code]) from None
            raise explained(error, self._aws.partition(), self.name, key) from None
