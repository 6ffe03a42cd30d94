// The packed package in whole programs: the examples, children that are killed, handles that are dropped.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { OpenSkillRuntime, OpenSkillsError, skillTools } from '@openskills/runtime';
import { childrenOf, runsUnderWay } from './processes.mjs';

const project = process.cwd();
const skills = process.env.OPENSKILLS_EXAMPLES;
const sample = join(skills, 'csv-report/assets/sample.csv');
const workspace = mkdtempSync(join(project, 'work-'));
const runtime = new OpenSkillRuntime(skills);
await runtime.loadSkills();
after(() => runtime.close());


/** Threads, descriptors and children of this process. */
const held = () => [readdirSync('/proc/self/task').length, readdirSync('/proc/self/fd').length, childrenOf(process.pid).length];

test('an agent makes a report without a model service', () => {
  copyFileSync(sample, join(workspace, 'orders.csv'));
  const ended = spawnSync(process.execPath, ['agent_loop.mjs', skills, workspace], { encoding: 'utf8' });
  assert.equal(ended.status, 0, ended.stderr);
  assert.match(ended.stdout, /The report is in report\.md: # Report on orders\.csv/);
});

test('a web service makes reports and says what is wrong with a file', async () => {
  const server = spawn(process.execPath, ['report_server.mjs', skills, '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(server.stdout, 'data');
  const url = String(line).trim();
  const post = (body, query = '') => fetch(url + query, { method: 'POST', body });
  const report = await post(readFileSync(sample), '?group-by=region');
  assert.equal(report.status, 200);
  assert.match(await report.text(), /^# Report on data\.csv/);
  const refused = await post(new Uint8Array([0xff, 0xfe, 0]));
  assert.equal(refused.status, 422);
  assert.match(await refused.text(), /not UTF-8/);
  assert.equal((await fetch(url)).status, 404);
  assert.equal((await post(new Uint8Array(17 * 1024 * 1024)).catch(() => ({ status: 413 }))).status, 413);
  const hungUp = new AbortController();
  const pending = fetch(url, { method: 'POST', body: readFileSync(sample), signal: hungUp.signal }).catch(() => 'gone');
  hungUp.abort();
  assert.equal(await pending, 'gone');
  assert.equal((await post(readFileSync(sample))).status, 200);
  server.kill();
  assert.deepEqual(await once(server, 'exit'), [0, null]);
});

test('a killed child is a crashed run and no more', async () => {
  const run = runtime.exec(null, ['python3', '-c', 'while True: pass'], { workspace, timeoutMs: 20_000 });
  let pids = [];
  for (let i = 0; i < 500 && pids.length === 0; ++i) {
    await sleep(10);
    pids = runsUnderWay();
  }
  for (const pid of pids) process.kill(Number(pid), 'SIGKILL');
  const outcome = await run;
  assert.equal(outcome.status, 'crashed');
  assert.equal(outcome.signal, 9);
  assert.equal((await runtime.exec(null, ['python3', '-c', 'print(1)'], { workspace })).stdout, '1\n');
});

test('a bigint is a number where JSON carries it safely, and invalid input otherwise', async () => {
  assert.equal((await runtime.executeSkill('text-stats-wasm', { text: 'a', top: 1n }, { workspace })).output.top_words.length, 1);
  await assert.rejects(
    runtime.executeSkill('text-stats-wasm', { top: 2n ** 60n }),
    (error) => error instanceof OpenSkillsError && error.code === 'invalid-input',
  );
  const seeded = () => runtime.exec(null, ['python3', '-c', 'import random; print(random.random())'], { workspace, seed: 2n ** 60n });
  assert.equal((await seeded()).stdout, (await seeded()).stdout);
});

test('the list of skills is made once after each search, and frozen', async () => {
  const folder = join(workspace, 'skills');
  for (const name of ['a', 'b']) {
    mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, name, 'SKILL.md'), `---\nname: ${name}\ndescription: D.\n---\n`);
  }
  const own = new OpenSkillRuntime(folder);
  assert.deepEqual(own.skills(), []);
  await own.loadSkills();
  const first = own.skills();
  assert.equal(own.skills()[0], first[0]);
  first.pop();
  assert.deepEqual(own.skills().map((skill) => skill.id), ['a', 'b']);
  assert.throws(() => { first[0].id = 'c'; }, TypeError);
  rmSync(join(folder, 'b'), { recursive: true });
  await own.refresh();
  assert.deepEqual(own.skills().map((skill) => skill.id), ['a']);
  await own.close();
});

test('the schemas of the tools are those of the package, and a caller cannot spoil the checks', async () => {
  const tools = skillTools(runtime, { run: { workspace } });
  tools.tools[1].inputSchema.properties.more = { type: 'string', description: '' };
  assert.equal((await tools.call('activate_skill', { skill: 'csv-report', more: 'x' })).isError, true);
});

test('runtimes that ran, closed or dropped, leave neither threads nor descriptors nor processes', async () => {
  const use = async () => {
    const own = new OpenSkillRuntime(skills);
    assert.equal((await own.exec(null, ['python3', '-c', 'print(1)'], { workspace })).stdout, '1\n');
    return own;
  };
  const settled = async (wanted) => {
    for (let i = 0; i < 200; ++i) {
      globalThis.gc?.();
      await sleep(50);
      if (wanted && held().every((count, index) => count <= wanted[index])) return held();
    }
    return held();
  };
  await (await use()).close();
  await sleep(6000); // idle threads of the pool end after five seconds
  const before = held();
  for (let i = 0; i < 10; ++i) await (await use()).close();
  for (let i = 0; i < 10; ++i) await use();
  assert.deepEqual((await settled(before)).map((count, index) => count <= before[index]), [true, true, true], `${held()} against ${before}`);
});
