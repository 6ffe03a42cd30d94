#!/usr/bin/env node
// What the TypeScript binding costs. Run in a project that has the package @openskills/runtime installed:
//
//     node bindings_typescript.mjs [RUNS] [MODULE_CALL_BENCH]
//
// Prints medians (and p99 where it says so):
//     a run of a tiny module, in process, a hundred calls a sample, one after the other; with the program
//     module_call_bench named, what the same calls cost in C++, measured in turns, and the difference
//     the event loop's lateness while 64 runs are under way
//     runs a second, one at a time and two at a time, of a script that only computes
//     how late a cancelled run and a timed-out run end
//     10 MB of output
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

const { OpenSkillRuntime } = createRequire(join(process.cwd(), 'x.js'))('@openskills/runtime');

// (module (memory (export "memory") 1) (func (export "_start")))
const TINY = Buffer.from('0061736d01000000010401600000030201000503010001071302066d656d6f72790200065f737461727400000a040102000b', 'hex');
const COMPUTE = ['python3', '-c', 'n = 0\nfor i in range(3_000_000): n += i'];
const SPIN = ['python3', '-c', 'while True: pass'];

const at = (samples, share) => [...samples].sort((a, b) => a - b)[Math.min(samples.length - 1, Math.floor(samples.length * share))];
const median = (samples) => at(samples, 0.5);
const checked = (outcome, status = 'ok') => {
  if (outcome.status !== status) throw new Error(`${outcome.status}: ${outcome.error?.message ?? outcome.stderr}`);
  return outcome;
};

async function* cppCalls(program, module, calls) {
  const bench = spawn(program, [module, calls], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface(bench.stdout)[Symbol.asyncIterator]();
  await lines.next();
  try {
    for (;;) {
      bench.stdin.write('\n');
      yield Number((await lines.next()).value) / 1e3 / calls;
    }
  } finally {
    bench.stdin.end();
    await once(bench, 'exit');
  }
}

async function overhead(runtime, folder, runs, program) {
  const module = join(folder, 'tiny.wasm');
  writeFileSync(module, TINY);
  const calls = 100;
  const here = [];
  const cpp = [];
  const other = program && cppCalls(program, module, calls);
  for (let sample = 0; sample < Math.max(20, runs / 10); ++sample) {
    const start = performance.now();
    for (let i = 0; i < calls; ++i) {
      checked(await runtime.runModule(module, [], { isolation: 'in-process', workspaceAccess: 'none' }));
    }
    here.push(((performance.now() - start) * 1e3) / calls);
    if (other) cpp.push((await other.next()).value);
  }
  await other?.return();
  const [mine, its] = [here, cpp].map((samples) => median(samples.slice(5)));
  const against = other ? `, ${its.toFixed(0)} us in C++: ${(mine - its).toFixed(0)} us more` : '';
  console.log(`tiny module in process: ${mine.toFixed(0)} us a call${against}`);
}

async function loopLateness(runtime, workspace) {
  const late = [];
  let done = false;
  const watch = (async () => {
    while (!done) {
      const start = performance.now();
      await sleep(1);
      late.push(performance.now() - start - 1);
    }
  })();
  const start = performance.now();
  const runs = Array.from({ length: 64 }, () => runtime.exec(null, ['python3', '-c', 'print(1)'], { workspace }));
  (await Promise.all(runs)).forEach((outcome) => checked(outcome));
  const took = performance.now() - start;
  done = true;
  await watch;
  console.log(`event loop during 64 runs (${(took / 1e3).toFixed(2)} s): late by ${median(late).toFixed(2)} ms, p99 ${at(late, 0.99).toFixed(2)} ms`);
}

async function throughput(runtime, workspace) {
  const rate = async (atOnce, runs = 12) => {
    let left = runs;
    const start = performance.now();
    const one = async () => {
      while (left-- > 0) checked(await runtime.exec(null, COMPUTE, { workspace }));
    };
    await Promise.all(Array.from({ length: atOnce }, one));
    return runs / (performance.now() - start);
  };
  const ratios = [];
  for (let i = 0; i < 3; ++i) ratios.push((await rate(2)) / (await rate(1)));
  console.log(`two runs at once: ${median(ratios).toFixed(2)}x of one`);
}

async function lateness(runtime, workspace, runs) {
  const samples = { cancel: [], 'time-out': [] };
  for (let i = 0; i < runs; ++i) {
    const abort = new AbortController();
    let told = 0;
    setTimeout(() => ((told = performance.now()), abort.abort()), 100);
    checked(await runtime.exec(null, SPIN, { workspace, signal: abort.signal }), 'cancelled');
    samples.cancel.push(performance.now() - told);
    const start = performance.now();
    checked(await runtime.exec(null, SPIN, { workspace, timeoutMs: 100 }), 'timeout');
    samples['time-out'].push(performance.now() - start - 100);
  }
  for (const [name, late] of Object.entries(samples)) console.log(`${name}: ${median(late).toFixed(1)} ms late, p99 ${at(late, 0.99).toFixed(1)} ms`);
}

async function largeOutput(runtime, workspace) {
  const took = [];
  for (let i = 0; i < 5; ++i) {
    const start = performance.now();
    const outcome = checked(await runtime.exec(null, ['python3', '-c', "print('x' * 10_000_000, end='')"], { workspace, outputLimitBytes: 20_000_000 }));
    if (outcome.stdoutBytes.length !== 10_000_000) throw new Error('output is missing');
    took.push(performance.now() - start);
  }
  console.log(`10 MB of output: ${median(took).toFixed(0)} ms, the script included`);
}

const runs = Number(process.argv[2] ?? 1000);
const folder = mkdtempSync(join(tmpdir(), 'openskills-bench-'));
try {
  const runtime = new OpenSkillRuntime(folder);
  checked(await runtime.exec(null, ['python3', '-c', ''], { workspace: folder }));
  await overhead(runtime, folder, runs, process.argv[3]);
  await loopLateness(runtime, folder);
  await throughput(runtime, folder);
  await lateness(runtime, folder, Math.max(20, Math.floor(runs / 10)));
  await largeOutput(runtime, folder);
  await runtime.close();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
