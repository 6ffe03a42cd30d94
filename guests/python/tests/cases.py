"""The cases of compare.py: what a script can notice of the interpreter that runs it."""
from dataclasses import dataclass, field


@dataclass
class Case:
    name: str
    argv: list
    files: dict = field(default_factory=dict)
    stdin: bytes = b""


def script(name, text, *args, stdin=b"", **files):
    """A case that runs `text` as main.py; further keyword arguments are modules beside it."""
    extra = {f"{module}.py": source for module, source in files.items()}
    return Case(name, ["main.py", *args], {"main.py": text, **extra}, stdin)


STARTUP = [
    script("argv", "import sys; print(sys.argv, sys.orig_argv[1:])", "a b", "--x=1", "ünïcode", "-c", ""),
    script("main_names", "print(sorted(globals())); print(__name__, __file__, __spec__, __package__, __doc__, __cached__,"
           " type(__loader__).__name__, __builtins__, __annotations__)"),
    script("path0", "import sys; print(sys.path[0]); import helper; print(helper.__file__, helper.__name__)",
           helper="value = 1"),
    Case("path0_subfolder", ["scripts/run.py", "x"], {
        "scripts/run.py": "import sys, lib.part, side; print(sys.path[0], sys.argv, __file__, lib.part.x, side.y)",
        "scripts/lib/__init__.py": "", "scripts/lib/part.py": "x = 5", "scripts/side.py": "y = 6"}),
    Case("dash_c", ["-c", "import sys; print(sys.argv, sys.path[0] == '', __name__); import beside; 1/0", "a", "-b"],
         {"beside.py": "print('beside')"}),
    Case("dash_m", ["-m", "pack", "x", "-y"], {"pack/__init__.py": "print('init', __name__)",
         "pack/__main__.py": "import sys; print(sys.argv[1:], __name__, __package__, __spec__.name, sys.path[0])"}),
    Case("dash_m_stdlib", ["-m", "json.tool", "--compact"], stdin=b'{"a": [1, 2,\n 3]}'),
    Case("dash_m_missing", ["-m", "no_such_module"]),
    Case("dash_stdin", ["-", "a", "b"], stdin=b"import sys\nprint(sys.argv, __name__)\nraise ValueError('x')\n"),
    Case("no_arguments", [], stdin=b"print(1)\nx = [\n 2]\nprint(x)\n"),
    Case("folder_main", ["app", "z"], {"app/__main__.py": "import sys, util; print(sys.argv, sys.path[0], util.v)",
                                       "app/util.py": "v = 3"}),
    Case("missing_script", ["nothing.py"]),
    Case("folder_without_main", ["app"], {"app/x.py": ""}),
    Case("flags", ["-u", "-B", "-E", "-s", "-W", "ignore", "-X", "foo=bar", "main.py", "q"], {
        "main.py": "import sys, warnings; warnings.warn('hidden'); print(sys.argv, sys._xoptions, sys.warnoptions)"}),
    Case("flag_error", ["-W", "error", "main.py"], {"main.py": "import warnings; warnings.warn('seen')"}),
    Case("flag_optimize", ["-O", "main.py"], {"main.py": "import sys; assert 0; print(__debug__, sys.flags.optimize)"}),
    Case("flag_isolated", ["-I", "main.py"], {"main.py": "import sys; print(sys.flags.isolated, '/workspace' in sys.path)\n"
                                              "import beside", "beside.py": ""}),
    Case("version", ["-V"]),
    Case("version_long", ["--version"]),
    Case("unknown_option", ["-Z"]),
    Case("help", ["-h"]),
    script("shadowing", "import random, queue, string, html\nprint(random.mine, queue.__name__, html.mine, string.mine)\n"
           "import json; print(json.loads('[1]'))", random="mine = 1", html="mine = 2", string="mine = 3"),
]

ENDINGS = [
    script("exit_int", "import sys; print('x'); sys.exit(3)"),
    script("exit_none", "import sys; sys.exit()"),
    script("exit_text", "import sys; sys.exit('message ü')"),
    script("exit_big", "import sys; sys.exit(300)"),
    script("exit_builtin", "print(exit, quit); exit(4)"),
    script("output_before_an_error", "import sys; print('first'); sys.stdout.write('no line end'); raise RuntimeError('x')"),
    script("output_before_a_missing_program", "import subprocess, sys\nprint('Step 1')\ntry:\n  subprocess.run(['/no/tool', 'a'],"
           " capture_output=True, text=True)\nexcept FileNotFoundError as e:\n  print('Step 2', e)\n  sys.exit('failed')"),
    script("os_exit", "import os, sys; print('lost'); os._exit(5)"),
    script("raise_system_exit", "raise SystemExit(False)"),
    script("uncaught", "def f(x):\n    return g(x) + 1\n\ndef g(x):\n    return {}['key'] + (x / 0)\n\nprint('before')\nf(2)\n"),
    script("chained", "try:\n    int('x')\nexcept ValueError as e:\n    raise RuntimeError('outer') from e\n"),
    script("context", "try:\n    1/0\nfinally:\n    [][1]\n"),
    script("in_stdlib", "import json\njson.loads('{bad')\n"),
    script("in_module", "import helper\nhelper.fail(1)\n", helper="def fail(n):\n    x = (n +\n         None)\n"),
    script("syntax_error", "print(1)\ndef f(:\n    pass\n"),
    script("syntax_error_indent", "if 1:\nprint(2)\n"),
    script("syntax_in_module", "import helper\n", helper="x = = 1\n"),
    script("syntax_warning", "print('\\d')\nx = 1 is 1\n"),
    script("name_hint", "import math\nmath.sqroot\n"),
    script("import_error", "import definitely_missing\n"),
    script("import_from_error", "from json import lods\n"),
    script("recursion", "def f(): f()\nf()\n"),
    script("group", "raise ExceptionGroup('g', [ValueError(1), TypeError('t')])\n"),
    script("note", "e = ValueError('v'); e.add_note('n1'); raise e\n"),
    script("atexit", "import atexit\natexit.register(print, 'bye', 1)\natexit.register(lambda: 1/0)\nprint('hi')"),
    script("logging_is_shut_down", "import atexit, logging\natexit.register(print, 'mine')\nclass H(logging.Handler):\n"
           "    def emit(self, record): pass\n    def flush(self): print('flushed')\n    def close(self):\n"
           "        print('closed')\n        super().close()\nlogging.getLogger().addHandler(H())"),
    script("logging_is_shut_down_after_its_handlers_were_replaced",
           "import logging, logging.config, logging.handlers\nlogging.config.dictConfig({'version': 1})\n"
           "kept = [logging.handlers.MemoryHandler(100, target=logging.StreamHandler()) for _ in range(9)]\n"
           "kept[-1].emit(logging.makeLogRecord({'msg': 'late', 'levelno': 20}))"),
    script("logging_is_not_shut_down", "import atexit, logging\natexit.unregister(logging.shutdown)\n"
           "class H(logging.Handler):\n    def flush(self): print('flushed')\nlogging.getLogger().addHandler(H())"),
    script("logging_is_shut_down_early", "import atexit, logging, os, sys\nclass H(logging.Handler):\n"
           "    def flush(self): print('flushed')\nlogging.getLogger().addHandler(H())\natexit._run_exitfuncs()\n"
           "sys.stdout.flush()\nos._exit(0)"),
    script("exit_functions_after_all_were_taken_out", "import atexit\natexit._clear()\natexit.register(print, 'first')\n"
           "atexit.register(print, 'second')"),
    script("main_thread_in_an_exit_function",
           "import atexit, threading\natexit.register(lambda: print(threading.main_thread().is_alive()))"),
    script("stdout_taken_off", "import sys\nout = sys.stdout.detach()\nsys.stdout = None\nout.write(b'data')"),
    script("stdout_wrapped_again", "import io, sys\nsys.stdout = io.TextIOWrapper(sys.stdout.detach(), encoding='utf-16')\n"
           "print('x')"),
    script("stdout_beneath_another", "import io, sys\nsys.stdout = io.TextIOWrapper(sys.stdout.buffer, encoding='latin-1')\n"
           "print('\\xe4')\nsys.__stdout__.write('first')"),
    script("atexit_and_exit", "import atexit, sys\natexit.register(print, 'bye')\nsys.exit(7)"),
    script("finalizers", "class A:\n    def __del__(self): print('del', self.n, helper)\n"
           "helper = 'kept'\na = A(); a.n = 1\nb = A(); b.n = 2; b.me = b\nprint('end')"),
    script("file_left_open", "f = open('out.txt', 'w')\nf.write('flushed at the end')\n"),
    script("file_left_open_in_cycle", "class W:\n    def __init__(self):\n        self.f = open('out.txt', 'w')\n"
           "        self.me = self\nw = W()\nw.f.write('x' * 10)\nimport sys\nsys.exit(0)\n"),
    script("file_in_module", "import helper\nhelper.log.write('line')\n", helper="log = open('log.txt', 'w')\n"),
    script("null_byte", b"print(1)\n\x00\n".decode("latin-1")),
    script("utf8_bom", b"\xef\xbb\xbfprint('bom')\n".decode()),
    Case("latin1_cookie", ["main.py"], {"main.py": b"# -*- coding: latin-1 -*-\nprint('\xe9')\n"}),
    Case("bad_encoding", ["main.py"], {"main.py": b"print('\xe9')\n"}),
    Case("crlf", ["main.py"], {"main.py": b"x = '''a\r\nb'''\r\nprint(repr(x))\r\n"}),
    script("excepthook", "import sys\nsys.excepthook = lambda t, v, tb: print('hook', t, v)\n1/0\n"),
    script("print_traceback", "import traceback\ntry:\n    1/0\nexcept ZeroDivisionError:\n    traceback.print_exc()\n"
           "    print(traceback.format_exc())\n"),
    script("warning", "import warnings\nwarnings.warn('careful')\nwarnings.warn('old', DeprecationWarning)\n"),
    script("assertion", "assert 1 == 2, 'no'\n"),
    script("logging", "import logging\nlogging.warning('w %s', 1)\nlogging.basicConfig(level='INFO', format='%(message)s')\n"
           "logging.info('i')\n"),
]

STREAMS = [
    script("stdin_read", "import sys\nprint(repr(sys.stdin.read()))", stdin="a\nü\r\nlast".encode()),
    script("stdin_lines", "import sys\nfor l in sys.stdin: print(repr(l))", stdin=b"1\n2\n3"),
    script("input", "print([input('> '), input()])\ninput()\n", stdin=b"one\ntwo\n"),
    script("stdin_binary", "import sys\nprint(sys.stdin.buffer.read())", stdin=b"\xff\x00\n"),
    script("stdin_undecodable", "import sys\ns = sys.stdin.read(); print(ascii(s)); sys.stdout.write(s)", stdin=b"\xff\n"),
    script("stream_properties", "import sys\nfor s in (sys.stdin, sys.stdout, sys.stderr):\n    print(s.name, s.mode,"
           " s.encoding, s.errors, s.line_buffering, s.write_through, s.isatty(), s.fileno(), s.newlines)"),
    script("stderr_order", "import sys\nprint('out')\nprint('err \\udc80 ü', file=sys.stderr)\nsys.stdout.flush()"),
    script("unencodable", "print('\\ud800')"),
    script("close_stdout", "import sys\nsys.stdout.close()\nprint('x')"),
    script("big_output", "for i in range(20000): print('line', i)"),
    script("binary_output", "import sys\nsys.stdout.buffer.write(bytes(range(256)))"),
    script("reconfigure", "import sys\nsys.stdout.reconfigure(encoding='latin-1')\nprint('é')"),
]

FILES = [
    script("relative", "open('a.txt', 'w').write('1\\n')\nimport os, pathlib\nos.makedirs('d/e')\n"
           "pathlib.Path('d/e/f').write_text('é')\nprint(sorted(os.listdir('.')), os.path.exists('d/e/f'))\n"
           "os.rename('a.txt', 'b.txt'); print(open('b.txt').read())"),
    script("chdir", "import os\nos.mkdir('s'); os.chdir('s'); open('t', 'w').write('x'); print(os.getcwd() ==\n"
           " os.path.abspath('.'), os.path.relpath('..'))"),
    script("walk", "import os, glob, pathlib\nfor n in 'abc': os.makedirs(f'x/{n}', exist_ok=True);"
           " open(f'x/{n}/f.txt', 'w').close()\nprint([(r, sorted(d), f) for r, d, f in sorted(os.walk('x'))])\n"
           "print(sorted(glob.glob('x/**/*.txt', recursive=True)), sorted(map(str, pathlib.Path('x').rglob('f*'))))"),
    script("errors", "for p in ('none/x', '.'):\n    try: open(p)\n    except OSError as e: print(type(e), e.errno, e)\n"
           "open('missing')"),
    script("append_seek", "f = open('f', 'w+'); f.write('hello'); f.seek(1); print(f.read(2)); f.close()\n"
           "open('f', 'a').write('!'); print(open('f').read()); open('f', 'r+b').truncate(2); print(open('f','rb').read())"),
    script("remove", "import os, shutil\nopen('a','w').close(); os.remove('a'); os.mkdir('d'); os.rmdir('d');"
           " os.makedirs('t/u'); shutil.rmtree('t'); print(os.listdir('.'))"),
    script("copy", "import shutil\nopen('a','w').write('x'); shutil.copy('a','b'); shutil.copytree('.', 'all/copy',"
           " ignore=shutil.ignore_patterns('all')); print(open('all/copy/b').read())"),
    script("stat", "import os, stat\nopen('f','w').write('abc'); s = os.stat('f'); print(s.st_size, stat.S_ISREG(s.st_mode),"
           " os.path.isdir('.'), os.path.getsize('f'))"),
    script("zip", "import zipfile, io\nz = zipfile.ZipFile('z.zip', 'w', zipfile.ZIP_DEFLATED)\n"
           "z.writestr(zipfile.ZipInfo('a', (2024,1,1,0,0,0)), 'x' * 1000); z.close()\n"
           "print(zipfile.ZipFile('z.zip').read('a') == b'x' * 1000)\nimport gzip, zlib\n"
           "print(zlib.decompress(zlib.compress(b'q' * 99)) == b'q' * 99, gzip.decompress(gzip.compress(b'g')))"),
    script("tempfile", "import tempfile, os\nwith tempfile.TemporaryDirectory(dir='.') as d:\n    open(d + '/x','w').write('1')\n"
           "    print(os.listdir(d))\nwith tempfile.NamedTemporaryFile('w+', dir='.') as f:\n    f.write('a'); f.seek(0);"
           " print(f.read())\nprint(os.listdir('.'))"),
]

LIBRARY = [
    script("argparse_help", "import argparse\np = argparse.ArgumentParser(description='Does it.')\np.add_argument('file')\n"
           "p.add_argument('-n', type=int, default=2, help='count')\nprint(p.parse_args())", "-h"),
    script("argparse_error", "import argparse\np = argparse.ArgumentParser()\np.add_argument('-n', type=int)\np.parse_args()",
           "-n", "x"),
    script("json_re", "import json, re\nprint(json.dumps({'b': [1, 2.5, None], 'a': 'ü'}, indent=1, sort_keys=True))\n"
           "print(re.sub(r'(\\w+) (\\w+)', r'\\2 \\1', 'hello world'))"),
    script("csv", "import csv, sys\nw = csv.writer(sys.stdout); w.writerow(['a', 'b,c', 'd\"e'])"),
    script("datetime", "from datetime import *\nprint(datetime(2024,2,29,1,2,tzinfo=timezone.utc).isoformat(),"
           " date(2024,1,1) + timedelta(days=59), datetime.strptime('3 Mar 2021', '%d %b %Y').strftime('%A %j'))"),
    script("decimal", "from decimal import *\nprint(Decimal('1.1') + Decimal('2.2'), Decimal(1) / 7, round(2.675, 2), 0.1 + 0.2)"),
    script("hashlib", "import hashlib\nfor n in ('md5','sha1','sha256','sha512','sha3_256','blake2b'):"
           " print(n, hashlib.new(n, b'x').hexdigest())"),
    script("random_seeded", "import random\nrandom.seed(1); print(random.random(), random.randint(1, 99), random.sample(range(50), 5))"),
    script("xml", "import xml.etree.ElementTree as E\nr = E.fromstring('<a b=\"1\"><c>t</c></a>'); print(r.find('c').text,"
           " E.tostring(r))"),
    script("dataclass", "from dataclasses import *\n@dataclass(order=True)\nclass P:\n    x: int\n    y: list = field(default_factory=list)\n"
           "print(P(1), P(1) < P(2), asdict(P(3, [1])))"),
    script("asyncio", "import asyncio\nasync def f(n):\n    await asyncio.sleep(0.001); return n\n"
           "async def main(): print(await asyncio.gather(f(1), f(2)))\nasyncio.run(main())"),
    script("tomllib", "import tomllib\nprint(tomllib.loads('a = [1, 2]\\n[b]\\nc = 1979-05-27'))"),
    script("unicode", "import unicodedata\nprint(unicodedata.normalize('NFKD', 'ﬁé'), 'ß'.upper(), '\\N{SNOWMAN}')"),
    script("urllib_parse", "from urllib.parse import *\nprint(urlsplit('http://u@h:1/p?q=1#f'), quote('a b/ü'), parse_qs('a=1&a=2'))"),
    script("pathlib", "from pathlib import Path\nprint(Path('a/../b').resolve() == Path.cwd() / 'b', Path('x.tar.gz').suffixes)"),
    script("zoneinfo_unknown", "import zoneinfo\ntry: zoneinfo.ZoneInfo('No/Where')\nexcept zoneinfo.ZoneInfoNotFoundError as e: print(e)"),
    script("statistics", "import statistics\nprint(statistics.stdev([1, 2, 4, 8]), statistics.median([3, 1, 2]))"),
    script("pickle", "import pickle, copy\nprint(pickle.loads(pickle.dumps({1: [2, (3,)]})), copy.deepcopy([[1]]))"),
    script("threading_lock", "import threading\nl = threading.Lock()\nwith l: print(threading.current_thread().name)"),
    script("big_int", "print(2 ** 200, 10 ** 50 // 7, int('9' * 40), hash(2 ** 61) >= 0)"),
    script("string_formats", "print(f'{3.14159:.2f} {1234567:,} {\"x\":>5} {255:#x} {1e100:g}', '%5.1f|%-4s|' % (2.25, 'a'))"),
    script("dir_sorted_set", "print(sorted({'b', 'a', 'c'}), {1, 2, 3}, list(dict.fromkeys('hello')))"),
    script("inspect_source", "import inspect\ndef f():\n    return 1\nprint(inspect.getsource(f))"),
    script("deep_nesting", "x = []\nfor i in range(400): x = [x]\nprint(len(repr(x)))\nimport json\n"
           "try: json.loads('[' * 100000)\nexcept RecursionError as e: print('RecursionError')"),
    script("eval_exec", "exec('a = 1\\nprint(a + 1)'); print(eval('2 ** 3'))"),
    script("gc_methodcaller", "import gc, operator\nclass A: pass\na = A()\na.caller = operator.methodcaller('f', a)\n"
           "del a\nprint(gc.collect() > 0)\nb = A()\nb.caller = operator.methodcaller('f', x=b)"),
    script("gc", "import gc\nprint(gc.isenabled(), gc.collect() >= 0, gc.get_threshold())"),
    script("email", "import email.message, http.client\nm = email.message.EmailMessage(); m['a'] = 'b'; print(m)"),
]

THREADS = [
    script("threads_join", "import threading\nlock, seen = threading.Lock(), []\ndef work(n):\n    with lock: seen.append(n * n)\n"
           "ts = [threading.Thread(target=work, args=(n,)) for n in range(5)]\nfor t in ts: t.start()\nfor t in ts: t.join()\n"
           "print(sorted(seen), [t.is_alive() for t in ts], threading.active_count())"),
    script("threads_names", "import threading\ndef f(): print(threading.current_thread().name, threading.get_ident() != main)\n"
           "main = threading.get_ident()\nfor n in ('a', 'b'):\n    t = threading.Thread(target=f, name=n); t.start(); t.join()\n"
           "print(threading.current_thread() is threading.main_thread())"),
    script("threads_not_joined", "import threading, time\nt = threading.Thread(target=lambda: (time.sleep(0.01), print('in thread')))\n"
           "t.start()\ntime.sleep(0.1)\nprint('main ends')"),
    script("threads_end_after_main", "import threading, time\nthreading.Thread(target=lambda: (time.sleep(0.1), print('last'))).start()\n"
           "print('main ends')"),
    script("threads_system_exit", "import threading, sys\nt = threading.Thread(target=sys.exit, args=(3,)); t.start(); t.join(); print('on')"),
    script("threads_local", "import threading\nl = threading.local(); l.x = 1\ndef f(): print(hasattr(l, 'x')); l.x = 2\n"
           "t = threading.Thread(target=f); t.start(); t.join(); print(l.x)"),
    script("threads_twice", "import threading\nt = threading.Thread(target=print); t.start(); t.join()\n"
           "try: t.start()\nexcept RuntimeError as e: print(e)\ntry: threading.Thread().join()\nexcept RuntimeError as e: print(e)"),
    script("threads_event", "import threading, time\nready = threading.Event()\n"
           "def f():\n    time.sleep(0.01); ready.set()\nthreading.Thread(target=f).start()\nprint(ready.wait(5), ready.wait(), ready.is_set())"),
    script("threads_stop_flag", "import threading, time\nstop = threading.Event(); count = [0]\n"
           "def spin():\n    while not stop.is_set():\n        count[0] += 1; time.sleep(0.001)\n"
           "t = threading.Thread(target=spin, daemon=True); t.start()\ntotal = sum(range(1000)); stop.set(); t.join(); print(total, t.is_alive())"),
    script("threads_poll", "import threading, time\ndone = []\nt = threading.Thread(target=lambda: done.append(1)); t.start()\n"
           "while t.is_alive(): time.sleep(0.001)\nprint(done)\nu = threading.Thread(target=lambda: done.append(2)); u.start()\n"
           "while len(done) < 2: time.sleep(0.001)\nprint(done)"),
    script("threads_condition", "import threading\nc = threading.Condition(); items = []\ndef produce():\n    with c:\n"
           "        items.append('x'); c.notify()\nthreading.Thread(target=produce).start()\nwith c:\n    while not items: c.wait()\nprint(items)"),
    script("threads_barrier", "import threading\nb = threading.Barrier(3); out = []\ndef f(n): b.wait(); out.append(n)\n"
           "ts = [threading.Thread(target=f, args=(n,)) for n in range(3)]\nfor t in ts: t.start()\nfor t in ts: t.join()\nprint(sorted(out))"),
    script("timer_cancelled", "import threading\nt = threading.Timer(30, print, ['never']); t.start(); t.cancel(); t.join(); print('cancelled')"),
    script("timer_fires", "import threading\nt = threading.Timer(0.01, print, ['fired']); t.start(); t.join(); print('done')"),
    script("queue_workers", "import queue, threading\nq, out = queue.Queue(), []\ndef work():\n    while True:\n        n = q.get()\n"
           "        out.append(n * 2)\n        q.task_done()\nfor _ in range(3): threading.Thread(target=work, daemon=True).start()\n"
           "for n in range(10): q.put(n)\nq.join()\nprint(sorted(out))"),
    script("queue_sentinels", "import queue, threading\nq, out = queue.Queue(), []\ndef work():\n    while (n := q.get()) is not None: out.append(n)\n"
           "ts = [threading.Thread(target=work) for _ in range(2)]\nfor t in ts: t.start()\nfor n in range(6): q.put(n)\n"
           "for _ in ts: q.put(None)\nfor t in ts: t.join()\nprint(sorted(out))"),
    script("queue_bounded", "import queue, threading\nq = queue.Queue(maxsize=2)\ndef produce():\n    for n in range(6): q.put(n)\n    q.put(None)\n"
           "threading.Thread(target=produce).start()\nwhile (n := q.get()) is not None: print(n)"),
    script("queue_empty", "import queue\nq = queue.SimpleQueue()\ntry: q.get(timeout=0.01)\nexcept queue.Empty: print('empty')\n"
           "try: queue.Queue().get_nowait()\nexcept queue.Empty: print('empty too')"),
    script("pool_map", "from concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor(max_workers=4) as pool:\n"
           "    print(list(pool.map(lambda n: n * n, range(6))), pool._max_workers)"),
    script("pool_as_completed", "from concurrent.futures import *\ndef f(n):\n    if n == 3: raise ValueError(n)\n    return n\n"
           "with ThreadPoolExecutor() as pool:\n    fs = {pool.submit(f, n): n for n in range(5)}\n    out = []\n"
           "    for x in as_completed(fs):\n        try: out.append(x.result())\n        except ValueError as e: out.append(-e.args[0])\n"
           "print(sorted(out))"),
    script("pool_wait", "from concurrent.futures import *\npool = ThreadPoolExecutor(2)\nfs = [pool.submit(pow, 2, n) for n in range(3)]\n"
           "done, left = wait(fs)\nprint(len(done), len(left), sorted(f.result() for f in done))\npool.shutdown()\n"
           "try: pool.submit(print)\nexcept RuntimeError as e: print(e)"),
    script("pool_initializer", "from concurrent.futures import *\nimport threading\nstate = []\n"
           "with ThreadPoolExecutor(1, initializer=state.append, initargs=('up',)) as p: print(p.submit(len, state).result())\n"
           "with ThreadPoolExecutor(1, thread_name_prefix='w') as p: print(p.submit(lambda: threading.current_thread().name).result())"),
    script("pool_not_awaited", "from concurrent.futures import *\npool = ThreadPoolExecutor(1)\npool.submit(print, 'ran all the same')\n"),
    script("pool_processes", "from concurrent.futures import ProcessPoolExecutor\nimport math\nif __name__ == '__main__':\n"
           "    with ProcessPoolExecutor() as pool: print(list(pool.map(math.factorial, range(6), chunksize=2)))"),
    script("multiprocessing_pool", "import multiprocessing as mp\ndef f(n): return n + 1\ndef g(a, b): return a * b\n"
           "if __name__ == '__main__':\n    with mp.Pool(2) as p:\n        print(p.map(f, [1, 2, 3]), p.starmap(g, [(1, 2), (3, 4)]),"
           " p.apply(f, (5,)))\n        print(list(p.imap(f, range(3))), sorted(p.imap_unordered(f, range(3))), p.map_async(f, [9]).get(5))"),
    script("thread_pool_of_multiprocessing", "from multiprocessing.pool import ThreadPool\nwith ThreadPool(3) as p: print(p.map(str, range(4)))"),
    script("asyncio_threads", "import asyncio, time\ndef slow(n): time.sleep(0.01); return n\nasync def main():\n"
           "    print(await asyncio.to_thread(slow, 1))\n    loop = asyncio.get_running_loop()\n"
           "    print(await asyncio.gather(*(loop.run_in_executor(None, slow, n) for n in range(3))))\nasyncio.run(main())"),
    script("asyncio_timeout", "import asyncio\nasync def main():\n    try: await asyncio.wait_for(asyncio.sleep(5), 0.01)\n"
           "    except asyncio.TimeoutError: print('time')\n    q = asyncio.Queue(1); await q.put(1); print(await q.get())\n"
           "    async with asyncio.TaskGroup() as g: a = g.create_task(asyncio.sleep(0, 7))\n    print(a.result())\nasyncio.run(main())"),
    script("asyncio_signal_handler", "import asyncio, signal\nasync def main():\n    loop = asyncio.get_running_loop()\n"
           "    loop.add_signal_handler(signal.SIGTERM, print); loop.remove_signal_handler(signal.SIGTERM); print('ok')\nasyncio.run(main())"),
]

ABSENT = [
    script("program_not_found", "import subprocess, shutil\nprint(shutil.which('no-such-tool'))\n"
           "for call in (subprocess.run, subprocess.check_output, subprocess.Popen):\n"
           "    try: call(['no-such-tool', 'x'])\n    except FileNotFoundError as e: print(e, e.errno, e.filename)"),
    script("terminal_size", "import os, shutil\nprint(tuple(shutil.get_terminal_size()))\ntry: os.get_terminal_size()\n"
           "except OSError as e: print(e.errno)"),
    script("users", "import os, pwd, grp\nprint(isinstance(os.getuid(), int), type(pwd.getpwuid(0)).__name__, pwd.getpwnam('root').pw_uid,"
           " grp.getgrgid(0).gr_name)\ntry: pwd.getpwnam('nobody-here')\nexcept KeyError as e: print(e)"),
    script("owners", "import os, pathlib\nopen('f', 'w').close()\nprint([one.st_uid == os.getuid() for one in (os.stat('f'), os.lstat('f'),"
           " os.stat(os.open('f', 0)), next(os.scandir('.')).stat())], os.stat('.').st_gid == os.getgid(), pathlib.Path('f').owner() != '')"),
    script("open_without_access_mode", "import os\nopen('f', 'w').write('text')\nfile = os.open('f', 0)\nprint(os.read(file, 9))\n"
           "try: os.write(file, b'x')\nexcept OSError as e: print(e.errno)\n"
           "folder = os.open('.', os.O_DIRECTORY)\nprint(os.listdir('.'), os.read(os.open('f', os.O_CREAT, dir_fd=folder), 2))"),
    script("file_locks", "import fcntl\nwith open('f', 'w') as f:\n    fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB); fcntl.lockf(f, fcntl.LOCK_UN)\n"
           "    print('locked')\ntry: fcntl.flock(99, fcntl.LOCK_EX)\nexcept OSError as e: print(e)"),
    script("no_terminal", "import termios, sys\ntry: termios.tcgetattr(sys.stdin.fileno())\nexcept termios.error as e: print(e)"),
    script("usage", "import resource\nu = resource.getrusage(resource.RUSAGE_SELF)\nprint(u.ru_utime >= 0, u.ru_maxrss > 1000, len(u))"),
    script("chmod", "import os, pathlib\nopen('f', 'w').close(); os.chmod('f', 0o755); pathlib.Path('f').chmod(0o644)\n"
           "try: os.chmod('missing', 0o644)\nexcept FileNotFoundError as e: print(e)"),
    script("umask", "import os\nold = os.umask(0o077); print(oct(os.umask(old)))"),
    script("mmap", "import mmap\nopen('f', 'wb').write(b'hello world')\nwith open('f', 'r+b') as f, mmap.mmap(f.fileno(), 0) as m:\n"
           "    print(m[:5], m.find(b'o'), len(m)); m[0:5] = b'HELLO'\nprint(open('f').read())"),
    script("key_derivation", "import hashlib\nprint(hashlib.pbkdf2_hmac('sha256', b'password', b'salt', 10).hex())\n"
           "print(hashlib.pbkdf2_hmac('sha1', b'p' * 99, b's', 3, 50).hex())") ,
    script("import_pty", "import pty, tty\nprint(callable(pty.spawn), callable(pty.openpty), pty.CHILD)"),
    script("breakpoint_off", "import os\nos.environ['PYTHONBREAKPOINT'] = '0'\nbreakpoint()\nprint('passed')"),
    script("above_the_workspace", "import os, pathlib\nprint(os.path.exists('../no-such-file'), pathlib.Path('../no/such').is_file())\n"
           "try: open('../no-such-file')\nexcept OSError as e: print(e)"),
    script("missing_names", "import os\nprint(hasattr(os, 'no_such'), hasattr(os, 'getuid'))"),
]

CASES = THREADS + ABSENT + STARTUP + ENDINGS + STREAMS + FILES + LIBRARY
