"""What lists.sh measures: folder, rows, repeats, the process of `serve`, its one-time link."""

import csv, glob, http.client, io, json, random, re, sqlite3, statistics, sys, time, urllib.parse, uuid, zipfile

folder, rows, repeats, process, link = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5]
WORDS = "river morning coffee ticket garden window paper signal mountain letter summer engine pocket silver".split()
DAYS, MONTHS = "Mon Tue Wed Thu Fri Sat Sun".split(), "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def export():
    """An archive as X makes it, of nobody."""
    random.seed(7)
    posts = []
    for n in range(rows):
        at = 1_262_304_000_000 + n * (500_000_000_000 // rows)
        day = time.gmtime(at // 1000)
        media = [{"type": "photo"}] if n % 3 == 0 else []
        number = str((at - 1_288_834_974_657) << 22 | n % 4096) if at > 1_300_000_000_000 else str(10_000_000_000 + n)
        text = " ".join(random.choices(WORDS, k=24)) + f" no{n}"
        posts.append({"tweet": {
            "id_str": number, "id": number, "full_text": text, "retweet_count": str(n % 7), "favorite_count": str(n % 40),
            "created_at": f"{DAYS[day.tm_wday]} {MONTHS[day.tm_mon - 1]} {time.strftime('%d %H:%M:%S +0000 %Y', day)}",
            "entities": {"media": media, "urls": []}, **({"in_reply_to_user_id_str": "7"} if n % 4 == 0 else {}),
        }})
    manifest = {
        "userInfo": {"accountId": "2244994945", "userName": "example", "displayName": "Example"},
        "archiveInfo": {"sizeBytes": "1", "generationDate": "2026-03-01T12:00:00.000Z", "isPartialArchive": False},
        "dataTypes": {"tweets": {"files": [
            {"fileName": "data/tweets.js", "globalName": "YTD.tweets.part0", "count": str(rows)}]}},
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data/manifest.js", "window.__THAR_CONFIG = " + json.dumps(manifest))
        archive.writestr("data/tweets.js", "window.YTD.tweets.part0 = " + json.dumps(posts))
    return packed.getvalue()


address = urllib.parse.urlsplit(link)
connection = http.client.HTTPConnection(address.netloc)
session = {}


def ask(method, path, body=None, **headers):
    connection.request(method, path, body, {**session, "Origin": f"http://{address.netloc}", **headers})
    answer = connection.getresponse()
    return answer.status, answer.headers, answer.read().decode()


def memory(what):
    with open(f"/proc/{process}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(what)) // 1024


_, headers, _ = ask("GET", f"{address.path}?{address.query}")
session["Cookie"] = headers["Set-Cookie"].split(";")[0]
root = urllib.parse.urlsplit(headers["Location"]).path.rstrip("/")
archive, mark = export(), uuid.uuid4().hex
begun, idle = time.perf_counter(), memory("VmRSS")
form = (f'--{mark}\r\nContent-Disposition: form-data; name="what"\r\n\r\nposts\r\n--{mark}\r\nContent-Disposition: form-data; name="export"; '
        f'filename="export.zip"\r\nContent-Type: application/zip\r\n\r\n').encode() + archive + f"\r\n--{mark}--\r\n".encode()
status, headers, text = ask("POST", f"{root}/lists/export", form, **{"Content-Type": f"multipart/form-data; boundary={mark}"})
assert status == 303, text
page = urllib.parse.urlsplit(headers["Location"]).path
page = page if page.startswith(root) else root + page
while "pass the filter" not in (text := ask("GET", page)[2]):
    assert time.perf_counter() - begun < 600, text
    time.sleep(0.2)
reading = time.perf_counter() - begun


def number(text, label):
    return int(re.sub(r"\D", "", re.search(rf"<dt>{label}</dt><dd[^>]*>([^<]*)<", text)[1]))


def shown(query):
    """The milliseconds of a page, and how many rows pass."""
    begun = time.perf_counter()
    status, _, text = ask("GET", f"{page}?{urllib.parse.urlencode(query)}")
    took = (time.perf_counter() - begun) * 1000
    assert status == 200, text
    return took, number(text, "pass the filter")


# The same rows in a table, with the values as SQLite would have them.
table = sqlite3.connect(f"{folder}/plain.db")
with open(glob.glob(f"{folder}/**/lists/1.csv", recursive=True)[0], newline="") as file:
    lines = csv.reader(file)
    names = next(lines)
    kinds = {"likes": "integer", "reposts": "integer"}
    table.execute(f"create table list ({', '.join(f'{name} {kinds.get(name, str())}' for name in names)})")
    table.executemany(f"insert into list values ({', '.join('?' * len(names))})", lines)
table.commit()


def counted(where):
    begun = time.perf_counter()
    found = table.execute(f"select count(*) from list where {where}").fetchone()[0]
    return (time.perf_counter() - begun) * 1000, found


def day(n):
    return f"201{n % 8}-0{n % 9 + 1}-1{n % 10}"


# Each asks for something else each time: nothing is remembered of it.
QUESTIONS = [
    ("a text", lambda n: ({"matching": f"no{n + 1}7"}, f"text like '%no{n + 1}7%'")),
    ("a date", lambda n: ({"before": day(n)}, f"created_at < '{day(n)}'")),
    ("at most so many likes", lambda n: ({"max-likes": n + 3}, f"likes <= {n + 3}")),
    ("text, date, likes, no media, a reply", lambda n: (
        {"matching": f"no{n + 1}", "before": day(n), "max-likes": n + 3, "without-media": 1, "only-replies": 1},
        f"text like '%no{n + 1}%' and created_at < '{day(n)}' and likes <= {n + 3} and has_media = 'false' and is_reply = 'true'")),
    ("without a text, the 60 newest", lambda n: (
        {"not-matching": f"no{n + 1}", "limit": 60, "order": "newest"}, None)),
]
median = lambda figures: statistics.median(figures)
print(f"| {rows:,} rows, zone UTC | median | worst | the same question to a table | ratio | goal |\n|---|---|---|---|---|---|")
print(f"| an export of {len(archive) >> 20} MiB is sent and read | {reading:.1f} s | | | | |")


def row(what, took, beside, goal):
    plain = f"{median(beside):.1f} ms | {median(took) / median(beside):.1f} x" if beside else " | "
    print(f"| {what} | {median(took):.1f} ms | {max(took):.1f} ms | {plain} | {goal} |")


# Nobody has come to the last page before; later it is known where it is.
far = [shown({"page": rows // 50 - 1})[0]]
first = [shown({})[0] for _ in range(repeats)]
row("first page", first, [], "< 100 ms")
row("last page, the first time", far, [], "")
row("last page, again", [shown({"page": rows // 50 - 1})[0] for _ in range(repeats)], [], "< 100 ms")
for what, question in QUESTIONS:
    took, beside = [], []
    for n in range(repeats):
        query, where = question(n)
        milliseconds, passing = shown(query)
        took.append(milliseconds)
        if where:
            plain, found = counted(where)
            beside.append(plain)
            assert passing == found, f"{query}: {passing}, and {found} in the table"
    row(f"count and first page: {what}", took, beside, "< 500 ms")
query, _ = QUESTIONS[3][1](repeats - 1)
row("the same again, which is remembered", [shown(query)[0] for _ in range(repeats)], [], "< 100 ms")
print(f"| memory of serve: before, now, peak | {idle} MiB | {memory('VmRSS')} MiB | {memory('VmHWM')} MiB | | |")
