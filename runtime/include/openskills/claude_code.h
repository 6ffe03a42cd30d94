// What a host with an agent loop of its own needs to follow Claude Code where a skill asks for it: decisions as pure
// functions. Carrying them out is the host's. A skill's wishes come from OpenSkillRuntime::manifest().
#pragma once

#include "openskills/fork.h"
#include "openskills/hook_decision.h"
#include "openskills/hooks.h"
#include "openskills/invocation.h"
#include "openskills/permissions.h"
