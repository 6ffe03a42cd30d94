import json
import sys

given = json.load(sys.stdin)
print(json.dumps({"given": given, "kind": type(given).__name__}))
