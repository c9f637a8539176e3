"""What a citizen sees when the service behind the public pages does not answer."""

from starlette.responses import HTMLResponse, Response

from shared.problems import Problem

__all__ = ["unavailable_page"]

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_HTML = """<!doctype html>
<html lang="zh-Hans">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>暂时无法访问 · Not available now</title>
</head>
<body>
<main>
<h1>暂时无法访问</h1>
<p>您已填写的内容没有丢失，请稍后再试。</p>
<p lang="en">Not available now. What you have entered is not lost; try again in a moment.</p>
<p lang="ug" dir="rtl">ھازىر بىر تەرەپ قىلغىلى بولمايدۇ، كېيىن قايتا سىناڭ.</p>
</main>
</body>
</html>
"""


def unavailable_page(problem: Problem) -> Response:
    """The problem's status with words for people; a citizen needs no problem document."""
    return HTMLResponse(_HTML, problem.status, headers=_HEADERS | dict(problem.headers))
