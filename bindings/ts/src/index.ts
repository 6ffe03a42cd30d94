export { OpenSkillRuntime, version } from './runtime.js';
export { Conversation } from './conversation.js';
export { OpenSkillsError } from './errors.js';
export { Outcome } from './outcome.js';
export { RunStream } from './stream.js';
export { SkillWatcher } from './watcher.js';
export { outcomeText, skillTools } from './tools.js';
export type * from './types.js';
export type { SkillTool, SkillTools, SkillToolsOptions, ToolAnswer, ToolSchema } from './tools.js';
