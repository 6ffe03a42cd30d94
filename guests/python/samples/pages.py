"""Documents: XML, HTML, addresses, digests."""
import base64
import hashlib
import html
import os
import string
import textwrap
import urllib.parse
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser


class Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.links = []

    def handle_starttag(self, tag, attrs):
        self.links += [value for name, value in attrs if tag == "a" and name == "href"]


links = Links()
links.feed('<p>See <a href="https://example.org/a?b=c&amp;d=1#e">this</a> &amp; <b>that</b>.</p>')
address = urllib.parse.urlsplit(links.links[0])
root = ElementTree.fromstring("<list><item id='1'>one</item><item id='2'>two</item></list>")
items = {item.get("id"): item.text for item in root.iter("item")}
print(address.netloc, urllib.parse.parse_qs(address.query), items, html.escape("<&>"))
print(hashlib.sha256(b"text").hexdigest()[:16], base64.b64encode(b"text").decode(), os.path.join("a", "b.txt"))
print(textwrap.fill("words " * 30, 40), string.Template("$who").substitute(who="all"))
for name in sorted(os.listdir(os.path.dirname(os.path.abspath(__file__)))):
    print(name, os.path.getsize(os.path.join(os.path.dirname(__file__), name)) > 0)
