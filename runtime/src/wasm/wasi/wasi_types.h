// The wire format of wasi_snapshot_preview1: numbers and layouts as the standard fixes them.
//
// Thread rule: constants and values. All multi-byte fields are little-endian, as is every host that is supported.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace openskills::wasi {

static_assert(std::endian::native == std::endian::little);

// What a call answers. kStop never reaches the guest: the call ends it.
enum class WasiErrno : std::uint16_t {
  kSuccess = 0,
  k2big,
  kAcces,
  kAddrinuse,
  kAddrnotavail,
  kAfnosupport,
  kAgain,
  kAlready,
  kBadf,
  kBadmsg,
  kBusy,
  kCanceled,
  kChild,
  kConnaborted,
  kConnrefused,
  kConnreset,
  kDeadlk,
  kDestaddrreq,
  kDom,
  kDquot,
  kExist,
  kFault,
  kFbig,
  kHostunreach,
  kIdrm,
  kIlseq,
  kInprogress,
  kIntr,
  kInval,
  kIo,
  kIsconn,
  kIsdir,
  kLoop,
  kMfile,
  kMlink,
  kMsgsize,
  kMultihop,
  kNametoolong,
  kNetdown,
  kNetreset,
  kNetunreach,
  kNfile,
  kNobufs,
  kNodev,
  kNoent,
  kNoexec,
  kNolck,
  kNolink,
  kNomem,
  kNomsg,
  kNoprotoopt,
  kNospc,
  kNosys,
  kNotconn,
  kNotdir,
  kNotempty,
  kNotrecoverable,
  kNotsock,
  kNotsup,
  kNotty,
  kNxio,
  kOverflow,
  kOwnerdead,
  kPerm,
  kPipe,
  kProto,
  kProtonosupport,
  kPrototype,
  kRange,
  kRofs,
  kSpipe,
  kSrch,
  kStale,
  kTimedout,
  kTxtbsy,
  kXdev,
  kNotcapable,
  kStop = 0xffff,
};
static_assert(static_cast<int>(WasiErrno::kNotcapable) == 76);

using Rights = std::uint64_t;

namespace rights {
inline constexpr Rights kFdDatasync = 1ULL << 0U;
inline constexpr Rights kFdRead = 1ULL << 1U;
inline constexpr Rights kFdSeek = 1ULL << 2U;
inline constexpr Rights kFdFdstatSetFlags = 1ULL << 3U;
inline constexpr Rights kFdSync = 1ULL << 4U;
inline constexpr Rights kFdTell = 1ULL << 5U;
inline constexpr Rights kFdWrite = 1ULL << 6U;
inline constexpr Rights kFdAdvise = 1ULL << 7U;
inline constexpr Rights kFdAllocate = 1ULL << 8U;
inline constexpr Rights kPathCreateDirectory = 1ULL << 9U;
inline constexpr Rights kPathCreateFile = 1ULL << 10U;
inline constexpr Rights kPathLinkSource = 1ULL << 11U;
inline constexpr Rights kPathLinkTarget = 1ULL << 12U;
inline constexpr Rights kPathOpen = 1ULL << 13U;
inline constexpr Rights kFdReaddir = 1ULL << 14U;
inline constexpr Rights kPathReadlink = 1ULL << 15U;
inline constexpr Rights kPathRenameSource = 1ULL << 16U;
inline constexpr Rights kPathRenameTarget = 1ULL << 17U;
inline constexpr Rights kPathFilestatGet = 1ULL << 18U;
inline constexpr Rights kPathFilestatSetSize = 1ULL << 19U;
inline constexpr Rights kPathFilestatSetTimes = 1ULL << 20U;
inline constexpr Rights kFdFilestatGet = 1ULL << 21U;
inline constexpr Rights kFdFilestatSetSize = 1ULL << 22U;
inline constexpr Rights kFdFilestatSetTimes = 1ULL << 23U;
inline constexpr Rights kPathSymlink = 1ULL << 24U;
inline constexpr Rights kPathRemoveDirectory = 1ULL << 25U;
inline constexpr Rights kPathUnlinkFile = 1ULL << 26U;
inline constexpr Rights kPollFdReadwrite = 1ULL << 27U;

// What changes a folder's names or its files' metadata.
inline constexpr Rights kDirectoryChange = kPathCreateDirectory | kPathCreateFile | kPathLinkSource | kPathLinkTarget |
                                           kPathRenameSource | kPathRenameTarget | kPathFilestatSetSize |
                                           kPathFilestatSetTimes | kFdFilestatSetTimes | kPathSymlink |
                                           kPathRemoveDirectory | kPathUnlinkFile;
// What can be done with a folder. The rest of the rights has no meaning on one and is dropped.
inline constexpr Rights kDirectory = kDirectoryChange | kPathOpen | kFdReaddir | kPathReadlink | kPathFilestatGet |
                                     kFdFilestatGet | kFdSync | kFdDatasync | kFdFdstatSetFlags;
// What changes a file's bytes or metadata.
inline constexpr Rights kFileChange = kFdWrite | kFdAllocate | kFdFilestatSetSize | kFdFilestatSetTimes;
inline constexpr Rights kFile = kFileChange | kFdDatasync | kFdRead | kFdSeek | kFdFdstatSetFlags | kFdSync | kFdTell |
                                kFdAdvise | kFdFilestatGet | kPollFdReadwrite;
inline constexpr Rights kStdin = kFdRead | kFdFdstatSetFlags | kFdFilestatGet | kPollFdReadwrite;
inline constexpr Rights kStdout = kFdWrite | kFdFdstatSetFlags | kFdFilestatGet | kPollFdReadwrite;
}  // namespace rights

enum class FileType : std::uint8_t {
  kUnknown = 0,
  kBlockDevice,
  kCharacterDevice,
  kDirectory,
  kRegularFile,
  kSocketDgram,
  kSocketStream,
  kSymbolicLink,
};

namespace fdflags {
inline constexpr std::uint32_t kAppend = 1U << 0U;
inline constexpr std::uint32_t kDsync = 1U << 1U;
inline constexpr std::uint32_t kNonblock = 1U << 2U;
inline constexpr std::uint32_t kRsync = 1U << 3U;
inline constexpr std::uint32_t kSync = 1U << 4U;
inline constexpr std::uint32_t kAll = 0x1f;
}  // namespace fdflags

namespace oflags {
inline constexpr std::uint32_t kCreat = 1U << 0U;
inline constexpr std::uint32_t kDirectory = 1U << 1U;
inline constexpr std::uint32_t kExcl = 1U << 2U;
inline constexpr std::uint32_t kTrunc = 1U << 3U;
inline constexpr std::uint32_t kAll = 0xf;
}  // namespace oflags

namespace fstflags {
inline constexpr std::uint32_t kAtim = 1U << 0U;
inline constexpr std::uint32_t kAtimNow = 1U << 1U;
inline constexpr std::uint32_t kMtim = 1U << 2U;
inline constexpr std::uint32_t kMtimNow = 1U << 3U;
inline constexpr std::uint32_t kAll = 0xf;
}  // namespace fstflags

inline constexpr std::uint32_t kLookupSymlinkFollow = 1U << 0U;

enum class ClockId : std::uint32_t { kRealtime = 0, kMonotonic, kProcessCpu, kThreadCpu };
inline constexpr std::uint32_t kClockCount = 4;

enum class EventType : std::uint8_t { kClock = 0, kFdRead, kFdWrite };
inline constexpr std::uint16_t kSubscriptionClockAbstime = 1;
inline constexpr std::uint16_t kEventHangup = 1;

// Structures as they lie in guest memory.
struct IovecLayout {
  std::uint32_t buffer;
  std::uint32_t length;
};
static_assert(sizeof(IovecLayout) == 8);

struct FdstatLayout {
  std::uint8_t filetype;
  std::uint8_t padding_1 = 0;
  std::uint16_t flags;
  std::uint32_t padding_2 = 0;
  std::uint64_t rights_base;
  std::uint64_t rights_inheriting;
};
static_assert(sizeof(FdstatLayout) == 24 && offsetof(FdstatLayout, rights_base) == 8);

struct FilestatLayout {
  std::uint64_t device;
  std::uint64_t inode;
  std::uint64_t filetype;  // one byte, then padding
  std::uint64_t links;
  std::uint64_t size;
  std::uint64_t accessed_ns;
  std::uint64_t modified_ns;
  std::uint64_t changed_ns;
};
static_assert(sizeof(FilestatLayout) == 64);

struct PrestatLayout {
  std::uint32_t tag = 0;  // one byte, then padding; 0 is a folder
  std::uint32_t name_length;
};
static_assert(sizeof(PrestatLayout) == 8);

struct DirentLayout {
  std::uint64_t next_cookie;
  std::uint64_t inode;
  std::uint32_t name_length;
  std::uint32_t filetype;  // one byte, then padding
};
static_assert(sizeof(DirentLayout) == 24);

struct ClockSubscription {
  std::uint32_t id;
  std::uint32_t padding;
  std::uint64_t timeout_ns;
  std::uint64_t precision_ns;
  std::uint16_t flags;
};

struct DescriptorSubscription {
  std::uint32_t fd;
};

struct SubscriptionLayout {
  std::uint64_t user_data;
  std::uint8_t tag;
  std::uint8_t padding[7];
  union {
    ClockSubscription clock;
    DescriptorSubscription descriptor;
  };
};
static_assert(sizeof(SubscriptionLayout) == 48 && offsetof(SubscriptionLayout, clock) == 16);

struct EventLayout {
  std::uint64_t user_data;
  std::uint16_t error;
  std::uint8_t type;
  std::uint8_t padding_1[5];
  std::uint64_t bytes;
  std::uint16_t flags;
  std::uint8_t padding_2[6];
};
static_assert(sizeof(EventLayout) == 32 && offsetof(EventLayout, bytes) == 16);

}  // namespace openskills::wasi
