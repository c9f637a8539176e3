"""Prints what the public pages weigh, as docs/public-page.md has it: `python -m tests.browser.weights`."""

import asyncio
import gzip
import os
import sys

from tests.surveys.conftest import UNLIMITED, Surveys
from tests.surveys.public.browsing import Browser
from tests.surveys.responses.answering import open_wave

from gongping_local.pytest_servers import servers_for_tests
from shared.testing import client_for, new_database
from surveys.app import service

LANGUAGES = ["zh-Hans", "en", "ug-Arab-CN"]


async def weigh(url: str) -> list[str]:
    """A line of the table for each page: bytes of HTML, stylesheet, script, all, and all with gzip."""
    lines = ["| page | language | HTML | CSS | script | first load | with gzip |", "|---|---|---:|---:|---:|---:|---:|"]
    async with new_database(url, "surveys") as database, client_for(service, database, **UNLIMITED) as client:
        surveys = Surveys(client)
        short = await open_wave(surveys, design="open_link", instrument_id="public-service-short", languages=LANGUAGES)
        for language in LANGUAGES:
            browser = Browser(client.app, language=language)
            notice = await browser.get(f"/p/{short}")
            question = await browser.submit(notice)
            for name, page in (
                ("notice", notice),
                ("question", question),
                ("complaint", await browser.get("/p/complaint")),
            ):
                parts = [page.html.encode(), *[(await browser.http.get(path)).content for path in page.loads]]
                sizes = [len(part) for part in parts]
                packed = sum(len(gzip.compress(part)) for part in parts)
                figures = " | ".join(f"{size:,}" for size in (*sizes, sum(sizes), packed))
                lines.append(f"| {name} | {language} | {figures} |")
    return lines


def main() -> None:
    """Start what is needed, weigh, print."""
    os.environ.setdefault("GONGPING_SURVEYS_KEY", "a-key-for-tests-only-and-nothing-else")
    with servers_for_tests() as servers:
        sys.stdout.write("\n".join(asyncio.run(weigh(servers.postgres_url))) + "\n")


if __name__ == "__main__":
    main()
