"""Sessions of the AWS SDK, with its settings as everywhere: profile, region, files, environment."""

from functools import cache
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import boto3
    from botocore.credentials import Credentials
    from botocore.loaders import Loader


class Credentialed(Protocol):
    """Has credentials for the SDK, in place of all that it would find."""

    def load_credentials(self) -> "Credentials": ...


def boto_session(profile: str | None, region: str | None, credentials: Credentialed | None = None) -> "boto3.Session":
    """Raises what botocore raises where the settings are wrong."""
    import boto3
    import botocore.session

    core = botocore.session.Session()
    core.register_component("data_loader", _models(core.get_config_variable("data_path")))
    # The global endpoint of STS, which old settings still choose, does not know AssumeRoot.
    core.set_config_variable("sts_regional_endpoints", "regional")
    if credentials:
        core.register_component("credential_provider", credentials)
    return boto3.Session(botocore_session=core, profile_name=profile, region_name=region)


@cache
def _models(data_path: str | None) -> "Loader":
    """What botocore knows of each service, read from disk once for all sessions: it takes as long as all the rest."""
    from botocore.loaders import create_loader

    return create_loader(data_path)
