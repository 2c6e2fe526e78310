#!/usr/bin/env python3
"""OAuth 1.0a signatures by an independent implementation. Needs oauthlib; every key here is made up.

    python3 -m venv venv && venv/bin/pip install oauthlib && venv/bin/python tests/vectors/oauth1.py > tests/vectors/oauth1.json
"""
import json
import re

from oauthlib import oauth1

FORM = "application/x-www-form-urlencoded"
BASE = "https://api.x.com"
PLAIN = ("consumerKEY0", "consumerSECRET0", "2244994945-accessTOKEN0", "accessSECRET0")
HARD = ("key~-._/+=", "sec&ret=+/%20 !*'()", "9223372036854775807-to/k+e=n", "s%26ecret&;:@$,?#[]\"\\<>^`{|}")
ENCODED = "%21%2A%27%28%29%3B%3A%40%26%3D%2B%24%2C%2F%3F%25%23%5B%5D%20%22%3C%3E%5C%5E%60%7B%7C%7D~-._"

# Every row of v1.1: name, path, and the form as it is really sent.
ROWS = [
    ("unfollow", "/1.1/friendships/destroy.json", "user_id=9999999999999999999"),
    ("unfollow-handle", "/1.1/friendships/destroy.json", "screen_name=some_one"),
    ("unlike", "/1.1/favorites/destroy.json", "id=1212161512043446272"),
    ("unrepost", "/1.1/statuses/unretweet/1212161512043446272.json", None),
    ("unmute", "/1.1/mutes/users/destroy.json", "user_id=007"),
    ("unmute-handle", "/1.1/mutes/users/destroy.json", "screen_name=_a_"),
    ("unblock", "/1.1/blocks/destroy.json", "user_id=12"),
    ("unblock-handle", "/1.1/blocks/destroy.json", "screen_name=a"),
    ("delete-post", "/1.1/statuses/destroy/20.json", None),
]

# What is put beside it: name, query, form.
TWISTS = [
    ("as-sent", None, None),
    ("query", "trim_user=true&include_entities=false", None),
    ("reserved-in-query", "a=" + ENCODED, None),
    ("reserved-in-form", None, "a=" + ENCODED),
    ("reserved-in-names", ENCODED + "=1", ENCODED + "=2"),
    ("plus-and-space", "a=b+c&d=e%20f&g=h%2Bi", "a=b+c&d=e%20f"),
    ("empty-values", "empty=&z=", "empty=&bare"),
    ("repeated", "a=2&a=10&a=1&b=x", "a=2&a=&b=a"),
    ("sorted-as-encoded", "a%7E=1&a-=2&a=3&a.=4&A=5&a%5B%5D=6&a%C3%A9=7", None),
    ("lower-case-escapes", "a=%2f%c3%a9%e2%82%ac", "b=%f0%9f%98%80"),
    ("query-and-form", "status_id=1&q=%23tag", "x=%26%3D&y=1"),
]


def signed(name, keys, method, url, form, extra):
    nonce, timestamp = f"{len(name):032x}", "1795358311"
    client = oauth1.Client(
        keys[0], client_secret=keys[1], resource_owner_key=keys[2], resource_owner_secret=keys[3],
        nonce=nonce, timestamp=timestamp, **extra,
    )
    headers = {"Content-Type": FORM} if form is not None else {}
    header = client.sign(url, http_method=method, body=form, headers=headers)[1]["Authorization"]
    return {
        "name": name, "keys": keys, "method": method, "url": url, "form": form, "extra": sorted(
            [["oauth_" + ("callback" if key == "callback_uri" else key), value] for key, value in extra.items()]),
        "nonce": nonce, "timestamp": int(timestamp),
        "signature": re.search(r'oauth_signature="([^"]*)"', header).group(1),
    }


def vectors():
    for row, path, form in ROWS:
        for twist, query, more in TWISTS:
            for kind, keys in (("plain", PLAIN), ("hard", HARD)):
                url = BASE + path + ("?" + query if query else "")
                body = "&".join(part for part in (form, more) if part) or None
                yield signed(f"{row}/{twist}/{kind}", keys, "POST", url, body, {})
    yield signed("v2", PLAIN, "DELETE", BASE + "/2/users/2244994945/following/9", None, {})
    yield signed("me", PLAIN, "GET", BASE + "/2/users/me?user.fields=id,name", None, {})
    yield signed("port", PLAIN, "POST", "http://127.0.0.1:8080/1.1/blocks/destroy.json", "user_id=1", {})
    yield signed("own-port", PLAIN, "POST", "HTTPS://API.X.com:443/1.1/blocks/destroy.json", "user_id=1", {})
    yield signed("ipv6", PLAIN, "POST", "http://[::1]:8080/1.1/blocks/destroy.json", "user_id=1", {})
    yield signed("gateway", PLAIN, "POST", "https://gateway.example/a%20b/c~d/1.1/blocks/destroy.json", "user_id=1", {})
    app = (PLAIN[0], PLAIN[1], None, None)
    yield signed("request-token", app, "POST", BASE + "/oauth/request_token", None, {"callback_uri": "oob"})
    yield signed("access-token", PLAIN, "POST", BASE + "/oauth/access_token", None, {"verifier": "0123456"})


# One line each: short to read in a diff.
print("[\n" + ",\n".join(json.dumps(vector) for vector in vectors()) + "\n]")
