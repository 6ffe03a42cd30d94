// Everything OpenSkills offers to C++.
#pragma once

#include "openskills/claude_code.h"
#include "openskills/disclosure.h"
#include "openskills/error.h"
#include "openskills/manifest.h"
#include "openskills/options.h"
#include "openskills/outcome.h"
#include "openskills/runtime.h"
#include "openskills/skill.h"
