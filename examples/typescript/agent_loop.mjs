// An agent that uses skills, in the OpenAI tool format. No model service is needed: a scripted stand-in answers as one
// would. To use a real one, give runAgent() a function that calls it.
//
//   node agent_loop.mjs SKILLS_DIR WORK_DIR
import { OpenSkillRuntime, skillTools } from '@openskills/runtime';

/** Lets the model call tools until it answers in words. `model({messages, tools})` gives an assistant's message. */
export async function runAgent(model, tools, task, mostTurns = 10) {
  const messages = [
    { role: 'system', content: await tools.systemPrompt() },
    { role: 'user', content: task },
  ];
  for (let turn = 0; turn < mostTurns; ++turn) {
    const message = await model({ messages, tools: tools.forOpenAI() });
    messages.push(message);
    if (!message.tool_calls?.length) return message.content;
    for (const { id, function: asked } of message.tool_calls) {
      const { text } = await tools.call(asked.name, asked.arguments);
      console.log(`  ${asked.name} ${asked.arguments} -> ${text.split('\n')[0].slice(0, 80)}`);
      messages.push({ role: 'tool', tool_call_id: id, content: text });
    }
  }
  throw new Error(`no answer after ${mostTurns} turns`);
}

/** Asks for what a model would ask for, step by step, and reads what it was given. */
async function scriptedModel({ messages, tools }) {
  if (!messages[0].content.includes('csv-report') || !tools.length) throw new Error('the model was shown no skills');
  const steps = [
    ['activate_skill', { skill: 'csv-report' }],
    ['run_skill_script', { skill: 'csv-report', script: 'scripts/report.py', arguments: ['orders.csv', '--output', 'report.md', '--group-by', 'region'] }],
    ['exec_command', { command: ['python3', '-c', "print(open('report.md').read().splitlines()[0])"] }],
  ];
  const turn = messages.filter((one) => one.role === 'assistant').length;
  if (turn === steps.length) return { role: 'assistant', content: `The report is in report.md: ${messages.at(-1).content}` };
  const [name, given] = steps[turn];
  return { role: 'assistant', content: null, tool_calls: [{ id: `call-${turn}`, type: 'function', function: { name, arguments: JSON.stringify(given) } }] };
}

const [skills, workspace] = process.argv.slice(2);
const runtime = new OpenSkillRuntime(skills);
await runtime.loadSkills();
// Limits and the workspace are the host's; nothing the model writes changes them.
const tools = skillTools(runtime, { run: { workspace, timeoutMs: 20_000 } });
console.log(await runAgent(scriptedModel, tools, 'Make a report of orders.csv, with totals per region.'));
await runtime.close();
