"""The gaps between requests to arXiv: `python -m benchmarks.politeness`.

Two processes sync two vaults of three papers each from one loopback arXiv, at the real pace; what the server saw is
counted. arXiv asks for at most one request every three seconds and one connection, over all of a user's programs
(https://info.arxiv.org/help/api/tou.html). Takes a minute; no network.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1] / "tests"
CHILD = """
import sys
from pathlib import Path
from ingest.sites import Sites
from ingest.starter import create
from ingest.manifest import add_entry
from ingest.sync import sync
from ingest.tools import open_tools
from ingest.vault import Vault
root, base, *ids = sys.argv[1:]
vault = create(Path(root) / ids[0], empty=True)
for one in ids:
    add_entry(vault, {"id": f"p{one}", "arxiv": one})
sites = Sites(f"{base}/api/query", f"{base}/pdf/", f"{base}/html/")
with open_tools(len, sites=sites, allow_hosts=frozenset({"127.0.0.1"}), cache=Path(root) / "cache", workers=1) as tools:
    print(sum(outcome.parsed and not outcome.reason for outcome in sync(vault, tools)))
"""


def main() -> None:
    sys.path.insert(0, str(TESTS))
    from loopback_arxiv import FakePaper
    from loopback_sites import PROSE, LoopbackSites, arxiv_page
    from pdf_maker import paper_pdf

    with tempfile.TemporaryDirectory() as root, LoopbackSites() as server:
        file = paper_pdf(Path(root) / "p.pdf", "A Paper", ["Ada Byron"], [("Introduction", PROSE * 3)], [])
        ids = [f"2401.0000{number}" for number in range(6)]
        for number, one in enumerate(ids):  # half of them without HTML, which costs a request more
            html = arxiv_page("A Paper", ("Introduction", PROSE)) if number % 2 else b""
            server.add(FakePaper(one, "A Paper", pdf=file.read_bytes(), html=html))
        server.fail(f"/pdf/{ids[0]}", times=2, status=503)
        command = [sys.executable, "-c", CHILD, root, server.base_url]
        both = [subprocess.Popen([*command, *part], stdout=subprocess.PIPE, text=True) for part in (ids[:3], ids[3:])]
        read = sum(int(process.communicate()[0]) for process in both)
        gaps = server.gaps()
    print(f"{read} of 6 papers read by two processes; {len(gaps) + 1} requests, shortest gap {min(gaps):.3f} s")
    print("asked: at least 3 s;", "held" if min(gaps) >= 3 and read == 6 else "NOT held")


if __name__ == "__main__":
    main()
