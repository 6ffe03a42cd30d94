// One set of classes, whichever way a program imports them.
export {
  Conversation,
  OpenSkillRuntime,
  OpenSkillsError,
  Outcome,
  outcomeText,
  RunStream,
  skillTools,
  SkillWatcher,
  version,
} from './index.js';
export type * from './index.js';
