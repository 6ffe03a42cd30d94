// The packed package, installed in an empty project. OPENSKILLS_EXAMPLES names the folder of example skills.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { OpenSkillRuntime, OpenSkillsError, skillTools } from '@openskills/runtime';

const workspace = mkdtempSync(join(tmpdir(), 'openskills-test-'));
const code = (text, options = {}) => runtime.exec(null, ['python3', '-c', text], { workspace, ...options });
let runtime;

before(async () => {
  runtime = new OpenSkillRuntime(process.env.OPENSKILLS_EXAMPLES);
  await runtime.loadSkills();
});
after(() => runtime.close());

test('a skill runs with nothing else installed', async () => {
  const outcome = await runtime.runScript('csv-report', 'scripts/report.py', ['/skill/assets/sample.csv'], { workspace });
  assert.equal(outcome.status, 'ok', outcome.stderr);
  assert.ok(outcome.stdout.length > 1000);
});

test('both kinds of module give the same classes', () => {
  const required = createRequire(import.meta.url)('@openskills/runtime');
  assert.equal(required.OpenSkillRuntime, OpenSkillRuntime);
});

test('64 runs at once are each right', async () => {
  const outcomes = await Promise.all(Array.from({ length: 64 }, (_, n) => code(`print(${n} * ${n})`)));
  assert.deepEqual(outcomes.map((one) => one.stdout), Array.from({ length: 64 }, (_, n) => `${n * n}\n`));
});

test('an abort and a time-out end the run', async () => {
  const outcome = await code('while True: pass', { signal: AbortSignal.timeout(100) });
  assert.equal(outcome.status, 'cancelled');
  assert.equal((await code('while True: pass', { timeoutMs: 200 })).status, 'timeout');
});

test('a slow reader loses nothing', async () => {
  const run = runtime.streamExec(null, ['python3', '-c', 'for i in range(20000): print(i, "x" * 80)'], { workspace });
  let text = '';
  for await (const chunk of run) {
    text += Buffer.from(chunk.data).toString();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.equal((await run.outcome).status, 'ok');
  assert.equal(text.split('\n').length, 20001);
});

test('10 MB of output arrive whole', async () => {
  const outcome = await code('import sys; sys.stdout.write("a" * 10_000_000)', { outputLimitBytes: 16_000_000 });
  assert.equal(outcome.stdoutBytes.length, 10_000_000);
});

test('standard input may be a stream', async () => {
  const stdin = (async function* () {
    yield 'ab';
    yield 'cd';
  })();
  assert.equal((await code('import sys; print(sys.stdin.read()[::-1])', { stdin })).stdout, 'dcba\n');
});

test('what is wrong with arguments is an error with a stable code', async () => {
  const rejects = (promise, wanted) =>
    assert.rejects(promise, (error) => error instanceof OpenSkillsError && error.code === wanted);
  await rejects(runtime.runScript(1, 'x'), 'invalid-argument');
  await rejects(runtime.runScript('\ud800', 'x'), 'invalid-input');
  await rejects(runtime.runScript('csv-report', 'x', [], { timeout: 1 }), 'invalid-argument');
  await rejects(runtime.read('nobody', 'x'), 'skill-not-found');
  await rejects(runtime.read('csv-report', '../release-notes/SKILL.md'), 'path-escapes-root');
  let deep = [];
  for (let n = 0; n < 100_000; ++n) deep = [deep];
  await rejects(runtime.executeSkill('csv-report', deep), 'invalid-input');
  assert.equal((await runtime.runScript('nobody', 'x', [], { workspace })).error.code, 'skill-not-found');
});

test('a model cannot widen what the host grants', async () => {
  const tools = skillTools(runtime, { run: { workspace } });
  const answer = await tools.call('exec_command', { command: ['python3', '-c', '1'], workspace: '/' });
  assert.ok(answer.isError);
  assert.match(answer.text, /no argument 'workspace'/);
  assert.match((await tools.call('activate_skill', '{"skill":"csv-report"}')).text, /csv/i);
});

// (memory 1) (func (export NAME) … (i32.load (i32.const 0x40000000))): an access out of bounds.
const head = [0, 97, 115, 109, 1, 0, 0, 0];
const load = [65, 128, 128, 128, 128, 4, 40, 2, 0];
const forV8 = [...head, 1, 5, 1, 96, 0, 1, 127, 3, 2, 1, 0, 5, 3, 1, 0, 1, 7, 5, 1, 1, 102, 0, 0, 10, 13, 1, 11, 0, ...load, 11];
const command = [...head, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 5, 3, 1, 0, 1, 7, 19, 2, 6, ...Buffer.from('memory'), 2, 0, 6,
  ...Buffer.from('_start'), 0, 0, 10, 14, 1, 12, 0, ...load, 26, 11];

for (const order of ['before', 'after']) {
  test(`a trap of V8 first seen ${order} a guest traps in this process is an error of JavaScript`, () => {
    const program = `
      const { OpenSkillRuntime } = require('@openskills/runtime');
      const { exports } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(${JSON.stringify(forV8)})));
      const trap = () => { try { exports.f(); } catch (e) { console.log(e instanceof WebAssembly.RuntimeError); } };
      (async () => {
        const runtime = new OpenSkillRuntime();
        if ('${order}' === 'before') trap();
        for (let n = 0; n < 3; ++n) {
          const outcome = await runtime.runModule('${join(workspace, 'trap.wasm')}', [], { isolation: 'in-process' });
          console.log(outcome.status);
          trap();
        }
      })();`;
    writeFileSync(join(workspace, 'trap.wasm'), new Uint8Array(command));
    const result = spawnSync(process.execPath, ['-e', program], { encoding: 'utf8' });
    assert.equal(result.status, 0, result.stderr);
    const each = 'crashed\ntrue\n'.repeat(3);
    assert.equal(result.stdout, order === 'before' ? `true\n${each}` : each);
  });
}

test('a process with runs under way exits at once, and an idle runtime does not keep one alive', () => {
  const run = `runtime.exec(null, ['python3', '-c', 'while True: pass'], { workspace: ${JSON.stringify(workspace)} });`;
  for (const rest of ['', `${run} setTimeout(() => process.exit(0), 300);`]) {
    const program = `const runtime = new (require('@openskills/runtime').OpenSkillRuntime)(); ${rest}`;
    const result = spawnSync(process.execPath, ['-e', program], { encoding: 'utf8', timeout: 10_000 });
    assert.equal(result.status, 0, result.stderr || String(result.signal));
  }
});

test('a worker thread runs skills, and may be ended meanwhile', async () => {
  const program = `
    const { parentPort, workerData } = require('node:worker_threads');
    const runtime = new (require('@openskills/runtime').OpenSkillRuntime)();
    const run = (code) => runtime.exec(null, ['python3', '-c', code], { workspace: workerData });
    run('print(7)').then((outcome) => { run('while True: pass'); parentPort.postMessage(outcome.stdout); });`;
  const worker = new Worker(program, { eval: true, workerData: workspace });
  const answer = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
  assert.equal(answer, '7\n');
  await worker.terminate();
});
