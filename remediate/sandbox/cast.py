"""The users that the messy account always has, each with one thing about it that is easy to get wrong."""

from remediate.sandbox import bundles as b
from remediate.sandbox.builder import Key, Password, Person

APPLICATION = {"type": "service"}
TODAY = Password(made=300, used=0)
PROJECTS = tuple(f"project-{n:02}" for n in range(1, 11))

ADMINISTRATORS = (
    Person(name="alice.meyer", attached=(b.ADMIN,), password=Password(made=60, used=0, mfa=True)),
    Person(name="bob.keller", attached=(b.ADMIN,), password=TODAY, keys=(Key(made=200, used=0, service="iam"),)),
    Person(name="carla.nunez", groups=("legacy-admins",), password=Password(made=80, used=1, mfa=True)),
    Person(name="liam.oneill", groups=("legacy-admins",), password=Password(made=120, used=0, mfa=True)),
    Person(
        name="mona.haas",
        groups=("legacy-admins",),
        password=Password(made=50, used=2, mfa=True),
        keys=(Key(made=40, used=1, service="ec2"),),
    ),
    Person(name="dave.okafor", attached=(b.ADMIN,), password=Password(made=700, used=320)),
    Person(
        name="break-glass",
        age=1500,
        tags={"remediate:exempt": "break-glass"},
        attached=(b.ADMIN,),
        password=Password(made=1500, used=None, mfa=True),
    ),
)

CREDENTIALS = (
    Person(name="erin.walsh", attached=(b.POWER,), password=Password(made=40, used=3, mfa=True)),
    Person(name="frank.ito", attached=(b.READ_ONLY,), password=Password(made=600, used=200)),
    Person(name="grace.lin", age=150, attached=(b.READ_ONLY,), password=Password(made=150, used=None)),
    Person(name="heidi.new", age=2, groups=("developers",), password=Password(made=2, used=None)),
    Person(name="ivan.petrov", groups=("developers",), keys=(Key(made=500, used=0), Key(made=490, used=None))),
    Person(
        name="judy.ng",
        password=Password(made=90, used=4),
        keys=(Key(made=700, used=400, active=False, tagged=45),),
        inline={"logs": b.LOG_READER},
    ),
    Person(name="karl.weiss", password=TODAY, keys=(Key(made=700, used=300, active=False),), groups=("developers",)),
    Person(name="lena.fox", age=400, password=TODAY, keys=(Key(made=400, used=None),), groups=("developers",)),
    Person(name="mallory.key", keys=(Key(made=900, used=250),), attached=(b.S3_FULL,)),
)

SHARED = (
    Person(
        name="team-ops",
        age=1300,
        password=Password(made=1300, used=0),
        keys=(Key(made=400, used=0, service="ec2"),),
        groups=("developers",),
    ),
)

POLICIES = (
    Person(name="nina.cruz", password=TODAY, inline={"logs": b.LOG_READER, "buckets": b.BUCKETS}),
    Person(name="oscar.diaz", password=TODAY, inline={"read-logs": b.LOG_READER_OTHER_ORDER}),
    Person(name="peggy.shaw", password=TODAY, inline={"l": b.LOG_READER_SPACED, "b": b.BUCKETS_AS_TEXT}),
    Person(name="quinn.roy", password=TODAY, inline={"s3-but-no-deletion": b.NO_DELETION}),
    Person(name="rita.patel", password=TODAY, inline={"from-the-office": b.FROM_OFFICE}),
    Person(name="sam.brandt", password=TODAY, inline={"own-folder": b.OWN_FOLDER}),
    Person(name="ted.old", age=2500, password=TODAY, inline={"orders": b.FROM_2008}),
    Person(name="uma.rao", password=TODAY, attached=(b.POWER,), boundary="contractor-boundary"),
    Person(name="victor.ten", password=TODAY, inline={"queue": b.queue_access("support")}, groups=PROJECTS),
    Person(
        name="wendy.mix",
        password=TODAY,
        attached=(b.EC2_READ, "team-billing"),
        inline={"uploads": b.UPLOADS},
        groups=("developers",),
    ),
    Person(name="xavier.roux", password=TODAY, inline={"logs": b.LOG_READER}, groups=("readonlyusers",)),
)

HOSTILE = (
    Person(name="=cmd+1@x", password=TODAY, attached=("team-growth",)),
    Person(name="a,b", keys=(Key(made=300, used=210),), groups=("developers",)),
    Person(
        name="yuri.tags",
        password=TODAY,
        tags={"note": "<script>alert(1)</script>", "terminal": "\u009b31mred\r\nnext,line\u202egnp.exe", "sum": "=1+1"},
        attached=(b.BILLING,),
    ),
    Person(name="zoe.escape", password=TODAY, inline={"escape": b.TERMINAL}),
)

APPLICATIONS = (
    Person(name="svc-billing", path="/apps/", keys=(Key(made=800, used=0),), attached=(b.S3_FULL,)),
    Person(name="svc-backup", path="/apps/", keys=(Key(made=900, used=260),), attached=(b.S3_FULL,)),
    Person(
        name="svc-mailer",
        path="/apps/",
        password=Password(made=1000, used=410),
        keys=(Key(made=500, used=1, service="ses"),),
        inline={"queue": b.queue_access("billing")},
    ),
    Person(name="svc-report", path="/apps/", age=420, keys=(Key(made=420, used=None),), groups=("developers",)),
    Person(
        name="ci-deploy",
        tags=APPLICATION,
        password=Password(made=950, used=None),
        keys=(Key(made=350, used=0, service="cloudformation", region="eu-west-1"),),
        attached=(b.POWER,),
    ),
    Person(
        name="ci-runner",
        tags=APPLICATION,
        keys=(Key(made=700, used=5, service="ecr"), Key(made=60, used=0, service="ecr")),
        groups=("developers",),
    ),
    Person(
        name="ci-portal",
        tags=APPLICATION,
        password=Password(made=640, used=3),
        keys=(Key(made=30, used=1, service="codebuild"),),
        attached=(b.READ_ONLY,),
    ),
)

CAST = (*ADMINISTRATORS, *CREDENTIALS, *SHARED, *POLICIES, *HOSTILE, *APPLICATIONS)
