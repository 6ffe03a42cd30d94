// clock_*, and clocks in poll_oneoff: time moves, sleeps last, deadlines in absolute time too.
#include "case.h"

static __wasi_timestamp_t now(__wasi_clockid_t id) {
  __wasi_timestamp_t time = 0;
  GIVES(SUCCESS, __wasi_clock_time_get(id, 0, &time));
  return time;
}

static __wasi_subscription_t timer(__wasi_clockid_t id, __wasi_timestamp_t timeout, __wasi_subclockflags_t flags,
                                   __wasi_userdata_t tag) {
  __wasi_subscription_t subscription = {.userdata = tag};
  subscription.u.tag = __WASI_EVENTTYPE_CLOCK;
  subscription.u.u.clock.id = id;
  subscription.u.u.clock.timeout = timeout;
  subscription.u.u.clock.flags = flags;
  return subscription;
}

int main(void) {
  __wasi_timestamp_t time = 0;
  for (unsigned id = 0; id < 4; ++id) {
    __wasi_timestamp_t resolution = 0;
    GIVES(SUCCESS, __wasi_clock_res_get(id, &resolution));
    CHECK(resolution > 0 && resolution <= 1000000000);
    const __wasi_timestamp_t first = now(id);
    CHECK(now(id) >= first);
  }
  CHECK(now(__WASI_CLOCKID_REALTIME) > 1700000000000000000ULL);
  GIVES(INVAL, __wasi_clock_res_get(4, &time));
  GIVES(INVAL, __wasi_clock_time_get(0xffffffff, 0, &time));
  GIVES(FAULT, __wasi_clock_res_get(0, NOWHERE));
  GIVES(FAULT, __wasi_clock_time_get(0, 0, NOWHERE));

  __wasi_event_t events[3];
  __wasi_size_t count = 0;
  const __wasi_timestamp_t before = now(__WASI_CLOCKID_MONOTONIC);
  __wasi_subscription_t timers[3] = {
      timer(__WASI_CLOCKID_MONOTONIC, 20000000, 0, 7),
      timer(__WASI_CLOCKID_MONOTONIC, 60000000000ULL, 0, 8),
      timer(__WASI_CLOCKID_MONOTONIC, before + 10000000, __WASI_SUBCLOCKFLAGS_SUBSCRIPTION_CLOCK_ABSTIME, 9),
  };
  GIVES(SUCCESS, __wasi_poll_oneoff(timers, events, 2, &count));
  CHECK(now(__WASI_CLOCKID_MONOTONIC) - before >= 20000000);
  CHECK(count == 1 && events[0].userdata == 7 && events[0].type == __WASI_EVENTTYPE_CLOCK && events[0].error == 0);
  // An absolute time that has passed is ready at once, and the others are not.
  GIVES(SUCCESS, __wasi_poll_oneoff(timers + 1, events, 2, &count));
  CHECK(count == 1 && events[0].userdata == 9);
  const __wasi_subscription_t realtime =
      timer(__WASI_CLOCKID_REALTIME, now(__WASI_CLOCKID_REALTIME) + 5000000, 1, 1);
  GIVES(SUCCESS, __wasi_poll_oneoff(&realtime, events, 1, &count));
  CHECK(count == 1);
  const __wasi_subscription_t unknown = timer(17, 1, 0, 3);
  GIVES(SUCCESS, __wasi_poll_oneoff(&unknown, events, 1, &count));
  CHECK(count == 1 && events[0].error == __WASI_ERRNO_INVAL && events[0].userdata == 3);
  GIVES(INVAL, __wasi_poll_oneoff(timers, events, 0, &count));
  GIVES(FAULT, __wasi_poll_oneoff(NOWHERE, events, 1, &count));
  GIVES(FAULT, __wasi_poll_oneoff(timers, NOWHERE, 1, &count));
  return finish();
}
