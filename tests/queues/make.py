#!/usr/bin/env python3
"""Makes the queues in old/ with a program of the past: make.py PROGRAM.

The first were made with the debug build of commit 9714203, the last one before the reader's version stood in a load. They are what people
may have on their disks, so they are made once and kept; the tests need the files and not that program. Everything in them is
synthetic, the tokens included. Later ones were made by a program from before the one that reads otherwise: names-beside-ids by one of 28
November 2026 (migration 22, reader version 3).

Each queue is a zip of its home: job files, the data folder, keys. Homes are made under FOLDER, and the tests put their own folder in
its place. A queue is checkpointed and has no write-ahead log beside it, but for died-loading, where the log is the point.
"""

import os, pathlib, random, shutil, signal, sqlite3, subprocess, sys, time, zipfile
from decimal import Decimal

FOLDER = pathlib.Path("/tmp/cleanup-old-queues")
INTO = pathlib.Path(__file__).parent / "old"
USER = "2244994945"
DATA = ".local/share/cleanup"
dice = random.Random(20261123)


def program(home, *words, code=0, env=None, data=None, **more):
    """Runs the old program in a home of its own, and insists on its exit code."""
    done = subprocess.run([PROGRAM, *words], env=environment(home, env), cwd=home, capture_output=True, text=True, input=data, **more)
    assert code is None or done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def environment(home, env=None):
    return {"HOME": str(home), "TZ": "UTC", "PATH": "/usr/bin:/bin", **(env or {})}


class Sandbox:
    """The pretend platform of the old program, in a process of its own."""

    def __init__(self, home, *words):
        self.process = subprocess.Popen([PROGRAM, "sandbox", "--listen", "127.0.0.1:0", *words], env=environment(home),
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.url = self.process.stdout.readline().strip()

    def env(self):
        return {"CLEANUP_X_API": self.url, "CLEANUP_X_TOKEN": f"sandbox-{USER}", "CLEANUP_X_USER_ID": USER}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def home_of(name):
    home = FOLDER / name
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    return home


def honest():
    """An ID of the years 2017 to 2023 that is no multiple of 4,096."""
    while True:
        snowflake = (dice.randrange(200_000_000_000, 400_000_000_000) << 22) | (dice.randrange(1024) << 12) | dice.choice([0, 0, 1, 2, 5])
        if snowflake % 4096:
            return snowflake


def of_busy_times():
    """An ID whose sequence may be any, so that rounding it shows."""
    return (dice.randrange(200_000_000_000, 400_000_000_000) << 22) | (dice.randrange(1024) << 12) | dice.randrange(1, 4096)


def ids(count, column="user_id"):
    return "\n".join([column, *(str(honest()) for _ in range(count))]) + "\n"


def ids_in_steps(count, column, first):
    """IDs that pack well."""
    return "\n".join([column, *(str(first + n * 7_919_000_001) for n in range(count))]) + "\n"


def shortest_double(number):
    """What JavaScript's JSON.parse and jq before 1.7 make of an ID."""
    return int(Decimal(repr(float(number))))


def exact_double(number):
    """What Python's int(float(x)) makes of an ID."""
    return int(float(number))


def queue(home, sql, *values, file="queue.db"):
    with sqlite3.connect(f"file:{home / DATA / file}?mode=ro", uri=True) as connection:
        return connection.execute(sql, values).fetchall()


def pack(home, with_log=False):
    """The home as a zip. The queue is copied into one file first, unless its log is the point."""
    for file in sorted((home / DATA).glob("*.db")):
        if not with_log:
            connection = sqlite3.connect(file)
            connection.execute("pragma wal_checkpoint(truncate)")
            assert connection.execute("pragma integrity_check").fetchone() == ("ok",)
            connection.close()
            for beside in ("-wal", "-shm"):
                pathlib.Path(f"{file}{beside}").unlink(missing_ok=True)
    INTO.mkdir(exist_ok=True)
    target = INTO / f"{home.name}.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for file in sorted(home.rglob("*")):
            # Locks are empty, and the index of the log is of this machine.
            if file.is_file() and not file.name.endswith(("lock", "-shm")) and ".config" not in file.parts:
                archive.write(file, file.relative_to(home))
    print(f"{target}: {target.stat().st_size:,} bytes")


def half_done():
    """60 tasks, 24 of them settled by requests that still count; then killed with requests in flight."""
    home = home_of("half-done")
    rows = [f"{honest()},Łukasz Example {n},note {n}" for n in range(60)]
    rows += [rows[3], rows[7], ",nobody,", "12x,bad,"]
    (home / "unfollow.csv").write_text("user_id,name,note\n" + "\n".join(rows) + "\n")
    run = ["run", "unfollow.csv", "--account", "main", "--yes", "--pace", "front-load", "--progress", "none"]
    with Sandbox(home, "--faults", "gone=8%,refused=4%,5xx=5%", "--seed", "7") as sandbox:
        program(home, *run, "--max-requests", "24", code=4, env=sandbox.env())
    with Sandbox(home, "--faults", "none", "--latency", "20s") as sandbox:
        child = subprocess.Popen([PROGRAM, *run, "--workers", "8"], env=environment(home, sandbox.env()), cwd=home,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while queue(home, "select count(*) from task where state = 1") != [(8,)]:
            time.sleep(0.05)
        child.kill()
        child.wait()
    pack(home)


def held():
    """The platform said 429 again and again: after the second an account is held for 15 minutes."""
    home = home_of("held")
    (home / "unfollow.csv").write_text(ids(40))
    run = ["run", "unfollow.csv", "--account", "main", "--yes", "--pace", "front-load", "--workers", "1"]
    with Sandbox(home, "--faults", "none") as sandbox:
        program(home, *run, "--max-requests", "5", code=4, env=sandbox.env())
    with Sandbox(home, "--faults", "429=100%") as sandbox:
        program(home, *run, "--for", "20s", code=4, env=sandbox.env())
    assert queue(home, "select hold_length_ms >= 900000 from account") == [(1,)]
    pack(home)


ACCOUNTS = f"""name,platform,user_id,access_token,refresh_token,expires_at,access_secret
work,x-v2,{USER},sandbox-{USER},synthetic-refresh,4102444800,
other,x-v2,77,sandbox-77,,4102444800,
old,x-v1,78,78-sandbox,,,sandbox%20secret+78=
"""
# The app of the sandbox's OAuth 1.0a.
APP = {"CLEANUP_X_CONSUMER_KEY": "sandbox+consumer", "CLEANUP_X_CONSUMER_SECRET": "sandbox/consumer&secret="}


def logins(name, env):
    """Logins that are sealed under a key file, or under CLEANUP_KEY."""
    home = home_of(name)
    (home / "unfollow.csv").write_text(ids(6))
    with Sandbox(home) as sandbox:
        env = {"CLEANUP_X_API": sandbox.url, **env}
        program(home, "account", "import", "-", env=env, data=ACCOUNTS)
        program(home, "account", "default", "work", env=env, code=None)
        program(home, "load", "unfollow.csv", "--account", "work", env=env)
    pack(home)


def schedules():
    """Nights: one that has fired, one with --min-likes in its words, one that begins with a list."""
    home = home_of("schedules")
    (home / "unfollow.csv").write_text(ids(8))
    (home / "delete-post.csv").write_text("tweet_id,likes\n" + "".join(f"{honest()},{n}\n" for n in range(8)))
    with Sandbox(home, "--faults", "none") as sandbox:
        env = sandbox.env()
        program(home, "load", "unfollow.csv", "--account", "main", env=env)
        add = ["schedule", "add"]
        program(home, *add, "nightly", "--cron", "0 2 * * *", "--zone", "Europe/Berlin", "--until", "06:00", "--jitter", "10m",
                "--max-requests", "4", "--account", "main", "unfollow.csv", env=env)
        program(home, *add, "quiet-posts", "--cron", "30 3 * * 1", "--zone", "UTC", "--for", "2h", "--min-likes", "4", "--account", "main",
                "delete-post.csv", env=env)
        program(home, *add, "one-sided", "--cron", "0 4 1 * *", "--zone", "UTC", "--list", "following", "--not-following-back", "--limit", "5",
                "--account", "main", "--action", "unfollow", env=env)
        program(home, "schedule", "run", "nightly", env=env, code=None)
        program(home, "schedule", "skip", "quiet-posts", env=env)
    assert queue(home, "select state from firing order by id") == [("ended",), ("skipped",)]
    pack(home)


def names():
    """Handles as targets (v1.1 takes them as they are), and handles that were resolved by a run (v2)."""
    home = home_of("names")
    (home / "mute-list.csv").write_text("handle,note\n" + "".join(f"@example_{n},row {n}\n" for n in range(6)))
    (home / "unfollow.csv").write_text("handle,note\n" + "".join(f"example_{n},row {n}\n" for n in range(12)))
    with Sandbox(home, "--faults", "none") as sandbox:
        env = {"CLEANUP_X_API": sandbox.url, **APP}
        program(home, "account", "import", "-", env=env, data=ACCOUNTS)
        program(home, "load", "mute-list.csv", "--action", "unmute", "--account", "old", env=env)
        program(home, "run", "unfollow.csv", "--account", "work", "--max-requests", "3", "--yes", "--progress", "none", code=4, env=env)
    pack(home)


def damaged():
    """IDs that went through a double stand in line, some have been sent; honest multiples of 4,096 were rejected."""
    home = home_of("damaged")
    true = [of_busy_times() for _ in range(300)]
    (home / "javascript.csv").write_text("user_id,name\n" + "".join(f"{shortest_double(n)},name {n % 100}\n" for n in true))
    (home / "python.csv").write_text("user_id\n" + "".join(f"{exact_double(n)}\n" for n in true))
    sound = [(dice.randrange(289_000_000_000, 460_000_000_000) << 22) | (dice.randrange(1024) << 12) for _ in range(3_000)]
    (home / "blocks.csv").write_text("user_id\n" + "".join(f"{n}\n" for n in sound))
    with Sandbox(home, "--faults", "none") as sandbox:
        env = sandbox.env()
        for name in ("javascript", "python"):
            program(home, "load", f"{name}.csv", "--action", "unfollow", "--account", "main", env=env, code=None)
        program(home, "load", "blocks.csv", "--action", "unblock", "--account", "main", env=env, code=3)
        program(home, "resume", "javascript", "--max-requests", "5", "--yes", "--progress", "none", env=env, code=4)
    assert queue(home, "select rejected from round order by id") == [(16,), (0,), (4,)]
    pack(home)


def killed_while(home, words, env, is_time):
    """Runs the program and kills it as soon as the queue looks as wanted; false where it was too fast."""
    child = subprocess.Popen([PROGRAM, *words], env=environment(home, env), cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    connection = sqlite3.connect(f"file:{home / DATA / 'queue.db'}?mode=ro", uri=True)
    while child.poll() is None:
        if connection.execute(is_time).fetchone()[0]:
            child.send_signal(signal.SIGKILL)
            child.wait()
            break
    found = connection.execute(is_time).fetchone()[0]
    connection.close()
    return bool(found)


def died_loading():
    """A first load died after its tasks were appended, and a reload died while it wrote the difference. The log is still there."""
    for _ in range(100):
        home = home_of("died-loading")
        (home / "unfollow.csv").write_text(text := ids_in_steps(600, "user_id", 1_000_000_000_000_000_007))
        (home / "unlike.csv").write_text(ids_in_steps(800, "tweet_id", 1_200_000_000_000_000_009))
        with Sandbox(home, "--faults", "none") as sandbox:
            env = sandbox.env()
            program(home, "load", "unfollow.csv", "--account", "main", env=env)
            program(home, "resume", "--max-requests", "5", "--yes", "--progress", "none", env=env, code=4)
            keeps_log = sqlite3.connect(home / DATA / "queue.db")
            keeps_log.execute("select * from job").fetchall()
            (home / "unfollow.csv").write_text("\n".join(text.splitlines()[:480]) + "\n" + "\n".join(ids_in_steps(200, "user_id", 1_300_000_000_000_000_011).splitlines()[1:]) + "\n")
            torn = "select exists (select 1 from load where finished_at is null) and (select cancelled from round where id = 1) > 10"
            if not killed_while(home, ["load", "unfollow.csv", "--account", "main"], env, torn):
                continue
            # The next load sweeps away what this one left, so the first load of another job dies in a copy from before.
            shutil.rmtree(FOLDER / "died-reloading", ignore_errors=True)
            shutil.copytree(home, FOLDER / "died-reloading")
            keeps_log.close()
            appended = "select exists (select 1 from load join task on task.id >= first_task_id where load.finished_at is null and load.round_id = 2)"
            if killed_while(home, ["load", "unlike.csv", "--account", "main"], env, appended):
                pack(home, with_log=True)
                pack(FOLDER / "died-reloading", with_log=True)
                return
    raise SystemExit("a load is too fast to be killed in its middle here")


def column():
    """The targets' column was named by hand; without --column other IDs would be read."""
    home = home_of("column")
    rows = [(honest(), honest()) for _ in range(8)]
    (home / "people.csv").write_text("id,friend,name\n" + "".join(f"{a},{b},name {n}\n" for n, (a, b) in enumerate(rows)))
    with Sandbox(home, "--faults", "none") as sandbox:
        words = ["people.csv", "--column", "friend", "--action", "unfollow", "--account", "main"]
        program(home, "load", *words, env=sandbox.env())
        program(home, "resume", "--max-requests", "2", "--yes", "--progress", "none", env=sandbox.env(), code=4)
    pack(home)


def controls():
    """A paused job, a cancelled one, one in its second round, one with kept rows and rows that vanished."""
    home = home_of("controls")
    for name in ("paused", "cancelled", "again", "kept"):
        (home / f"{name}.csv").write_text(ids(6))
    with Sandbox(home, "--faults", "none") as sandbox:
        env = sandbox.env()
        common = ["--action", "unfollow", "--account", "main"]
        for name in ("paused", "cancelled"):
            program(home, "load", f"{name}.csv", *common, env=env)
            program(home, {"paused": "pause", "cancelled": "cancel"}[name], name, env=env)
        run = ["--yes", "--pace", "front-load", "--progress", "none"]
        program(home, "run", "again.csv", *common, *run, env=env)
        program(home, "load", "again.csv", "--again", *common, env=env)
        kept = (home / "kept.csv").read_text().splitlines()
        (home / "keep.txt").write_text("\n".join(kept[1:3]) + "\n")
        program(home, "load", "kept.csv", "--keep", "keep.txt", *common, env=env)
        (home / "kept.csv").write_text("\n".join(kept[:-1]) + "\n")
        program(home, "load", "kept.csv", "--keep", "keep.txt", *common, env=env)
    pack(home)


def sandbox_queue():
    """A queue of the sandbox, half done."""
    home = home_of("sandbox")
    (home / "unlike.csv").write_text(ids(30, "tweet_id"))
    program(home, "run", "unlike.csv", "--sandbox", "--max-requests", "12", "--pace", "front-load", "--progress", "none", code=4)
    pack(home)


def names_beside_ids():
    """Names stand in line where the rows have IDs too, under names of columns that the program did not know, or in links; and reposts under
    their own IDs, as their texts say. Of two rows the name leads to the row's ID."""
    home = home_of("names-beside-ids")
    names = [f"example_{n}" for n in range(8)]
    words = ["--account", "main", "--yes", "--progress", "none", "--pace", "front-load"]
    with Sandbox(home, "--faults", "none") as sandbox:
        env = sandbox.env()
        (home / "asked.csv").write_text("handle\n" + "\n".join(names) + "\n")
        program(home, "run", "asked.csv", "--action", "unmute", *words, "--max-requests", "1", env=env, code=4)
        told = dict(queue(home, "select handle, target from handle_resolution where target is not null"))
        shutil.rmtree(home / DATA)
        (home / "asked.csv").unlink()
        ids = [honest() for _ in names[:-2]] + [told[name] for name in names[-2:]]
        (home / "unfollow.csv").write_text("screen_name,id_str\n" + "".join(f"{name},{id}\n" for name, id in zip(names, ids)))
        links = [f"{name},https://x.com/i/user/{honest()}\n" for name in names[:4]]
        (home / "linked.csv").write_text("handle,link\n" + "".join(links))
        texts = ["RT @example_1: so it is", "good morning", "RT @example_2: and so", "on RT @example_3", "RT @example_4: yes"]
        (home / "unrepost.csv").write_text("tweet_id,text\n" + "".join(f"{honest()},{text}\n" for text in texts))
        program(home, "run", "unfollow.csv", *words, "--max-requests", "3", env=env, code=4)
        program(home, "run", "linked.csv", "--action", "unmute", *words, "--max-requests", "1", env=env, code=4)
        program(home, "load", "unrepost.csv", "--account", "main", env=env)
    pack(home)


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv[1])
    MAKERS = {
        "half-done": half_done, "held": held, "key-file": lambda: logins("key-file", {}),
        "passphrase": lambda: logins("passphrase", {"CLEANUP_KEY": "a-passphrase-of-the-tests"}), "schedules": schedules, "names": names,
        "damaged": damaged, "died-loading": died_loading, "column": column, "controls": controls, "sandbox": sandbox_queue,
        "names-beside-ids": names_beside_ids,
    }
    for name in sys.argv[2:] or MAKERS:
        MAKERS[name]()
