"""Shows what reached the script: python3 show.py exit=3 error=text WORDS…"""
import json
import os
import sys

words = dict(word.split("=", 1) for word in sys.argv[1:] if "=" in word)
shown = {
    "arguments": sys.argv[1:],
    "cwd": os.getcwd(),
    "stdin": sys.stdin.read(),
    "environment": {name: value for name, value in sorted(os.environ.items()) if name.startswith(("SKILL", "PARITY"))},
}
print(json.dumps(shown, sort_keys=True))
print(words.get("error", ""), end="", file=sys.stderr)
sys.exit(int(words.get("exit", 0)))
