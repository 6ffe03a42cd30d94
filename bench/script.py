"""The script of the Python figures: a small program as skills have them, with argparse, json and re."""
import argparse
import json
import re

parser = argparse.ArgumentParser()
parser.add_argument("text")
parser.add_argument("--top", type=int, default=3)
options = parser.parse_args()

counts = {}
for word in re.findall(r"[a-z]+", options.text.lower()):
    counts[word] = counts.get(word, 0) + 1
ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[: options.top]
print(json.dumps({"words": sum(counts.values()), "top": ranked}))
