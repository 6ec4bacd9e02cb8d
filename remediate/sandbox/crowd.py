"""Everybody else in the messy account: as many users as asked for, derived from a few archetypes.

Of each twenty, four have credentials that nobody uses; of each four, three have policies of their own. There are about
thirty different sets of policies, however many users there are: groups have a quota of 300.
"""

from collections.abc import Iterator
from random import Random

from remediate.sandbox import bundles as b
from remediate.sandbox.builder import Key, Password, Person

FIRST = (
    "adam bea chen dora elif femi gita hugo ines jan kofi lara mio nora omar pia rafa sara tomas ulla vera wim "
    "yara zack anna ben cleo dan eva finn"
).split()
LAST = (
    "adler baker costa diallo eriksen fischer garcia haddad ivanov jansen kim larsen moreau nakamura olsen park "
    "quist rossi silva tanaka ueda vogel wagner xu yilmaz zhang abbott burke coleman dumas"
).split()
APPS = "etl sync export indexer webhook thumbnails metrics gateway".split()
SERVICES = (("s3", "us-east-1"), ("dynamodb", "eu-west-1"), ("sqs", "us-east-1"), ("ec2", "us-west-2"))


def crowd(count: int, seed: int) -> Iterator[Person]:
    """That many users, the same ones for the same seed."""
    random = Random(seed)  # noqa: S311
    sets = list(_sets())
    for n in range(count):
        age = random.randint(120, 2000)
        application = n % 20 in (14, 15, 18)
        attached, inline = sets[n % len(sets)] if n % 4 != 3 else ((), {})
        password, keys = _credentials(n, age, random)
        yield Person(
            name=_application(n) if application else _name(n),
            path="/apps/" if application else "/",
            tags={"cost-center": str(1000 + n % 7)} if n % 5 == 0 else {},
            age=age,
            password=password,
            keys=keys,
            attached=attached,
            inline=inline,
            groups=("developers",) if n % 4 == 3 else (),
        )


def _sets() -> Iterator[tuple[tuple[str, ...], dict[str, str]]]:
    """The sets of policies that users have: AWS's, the account's own, inline ones, and mixtures."""
    for policy in (b.READ_ONLY, b.POWER, b.S3_FULL, b.EC2_READ, b.SQS_FULL, b.DYNAMO_READ):
        yield (policy,), {}
    for text in (b.LOG_READER, b.LOG_READER_OTHER_ORDER, b.LOG_READER_SPACED, b.UPLOADS):
        yield (), {"access": text}
    for team in b.TEAMS:
        yield (f"team-{team}",), {}
        yield (), {"queue": b.queue_access(team)}
    for team in b.TEAMS[:4]:
        yield (b.READ_ONLY, f"team-{team}"), {}
    yield (b.EC2_READ,), {"logs": b.LOG_READER}
    yield (b.ADMIN,), {}


def _credentials(n: int, age: int, random: Random) -> tuple[Password | None, tuple[Key, ...]]:
    """Twenty archetypes; dates spread over many different days."""
    kind = n % 20
    recent, idle = random.randint(0, min(55, age)), random.randint(100, age)
    service, region = SERVICES[n % len(SERVICES)]
    key = Key(made=age, used=recent, service=service, region=region)
    match kind:
        case 16:
            return Password(made=age, used=idle), ()
        case 17 | 18:
            return None, (Key(made=age, used=idle, service=service, region=region),)
        case 19:
            return Password(made=age, used=None), ()
        case 11 | 12 | 14 | 15:
            return None, (key,)
        case 13:
            return Password(made=age, used=recent), (key,)
        case _:
            return Password(made=age, used=recent, mfa=kind < 5), ()


def _name(n: int) -> str:
    block, place = divmod(n, len(FIRST) * len(LAST))
    return f"{FIRST[place % len(FIRST)]}.{LAST[place // len(FIRST)]}{block + 1 if block else ''}"


def _application(n: int) -> str:
    return f"svc-{APPS[n % len(APPS)]}-{n:04}"
