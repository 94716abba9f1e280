// The shard: one partition's only writer. It decides commands in order against the book and the
// commits in flight, appends each as one commit, and answers when the log gave it back as counted and it
// is folded into the book (../shared/spec/protocol.md "Rules", architecture.md "The write path"). Read
// models follow a moment later; whoever reads waits for what was answered (api/visible_gate.hpp).
#pragma once

#include <atomic>
#include <boost/describe/enum.hpp>
#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "commands/decision.hpp"
#include "commands/ports/commit_codec.hpp"
#include "commands/ports/commit_sink.hpp"
#include "commands/ports/event_log.hpp"
#include "commands/ports/system.hpp"

namespace ringledger {

/// A decision with its types erased: what the log needs of it.
struct Outcome {
  std::vector<Event> events;
  StoredResult result;
  std::optional<Refusal> refusal;
  std::vector<ProviderQuestion> questions;  ///< not empty: ask first, then decide again
  std::string once;                         ///< one-time secrets for the first answer, not stored
};

/// How a command was answered.
struct CommandAnswer {
  std::optional<Refusal> refused;  ///< answered at once, nothing committed (400, 404, 422, 429, 503 …)
  StoredResult result;             ///< else: the commit's own
  std::string refusal_code;        ///< of a committed refusal, "" on success
  std::string trace;               ///< the commit's trace
  std::string commit;
  Offset offset = 0;
  bool replayed = false;
  std::string once;  ///< one-time secrets by dotted path (JSON), "" when none
};

/// A command on its way, its type erased by the edge.
struct Ticket {
  std::string command;  ///< operationId
  Principal principal;
  AccountId account;
  std::string key_hash, req_hash;
  std::string trace, cause;
  std::optional<Offset> not_before;  ///< decided on this position or later
  std::optional<std::int64_t> if_match;
  bool read_only = false;            ///< a question to the book: answered without a commit, key_hash unused
  std::size_t bytes = 0;             ///< of the request
  std::vector<std::uint64_t> draws;  ///< the last one names the commit
  std::function<Outcome(const Book&, const Context&)> decide;
  std::move_only_function<void(CommandAnswer)> answer;  ///< any thread, once

  // Kept by the shard.
  std::vector<std::pair<std::string, BookRowPtr>> fetched;  ///< rows read at `fetched_at`
  Offset fetched_at = 0;
  std::vector<ProviderFacts> facts;
  std::optional<Timestamp> first_decided;  ///< the time in the ids it makes, the same in every try
  std::int64_t submitted_us = 0, taken_us = 0;
  int fetches = 0;                ///< in a row, while nothing else was committed
  std::uint64_t fetched_seq = 0;  ///< of the next commit, at the last of them
  int waits = 0;
  int tries = 0;               ///< commits, of it or that it rested on, that turned void
  std::uint64_t rests_on = 0;  ///< seq of the newest commit in flight that its decision looked at; 0: none
};

/// Asks providers what commands need to know. Blocking; runs on the pool.
class Gatherer {
 public:
  virtual ~Gatherer() = default;
  virtual ProviderFacts ask(const ProviderQuestion& question) = 0;
};

struct ShardLimits {
  std::size_t in_flight = 4096;              ///< commands a shard holds; past it 503 overloaded
  std::size_t in_flight_bytes = 16U << 20U;  ///< of their requests, and of the payloads on their way
  std::size_t in_flight_account = 256;       ///< past it 429
  std::size_t cached_rows = 400'000;         ///< book rows kept in memory
  std::size_t unfolded = 256;                ///< commits the read models may be behind before the log waits
};

/// What a commit spent its time on, in microseconds.
struct StageTimes {
  std::int64_t queue = 0;   ///< from submit to the decision that made it, fetching and asking providers too
  std::int64_t decide = 0;  ///< that decision, and encoding
  std::int64_t sync = 0;    ///< from append until the log gave it back, counted
  std::int64_t answer = 0;  ///< rendering and handing over
};

struct ShardStats {
  std::atomic<std::uint64_t> committed{0}, refused{0}, replayed{0}, voided{0}, overloaded{0};
  std::atomic<std::uint64_t> claims{0}, resigned{0};
  std::atomic<std::uint64_t> visible{0};  ///< every read model shows all before this offset
};

/// Why a writer leaves its term by itself.
enum class ResignCause { produce_failed, void_commit, handed_over };
BOOST_DESCRIBE_ENUM(ResignCause, produce_failed, void_commit, handed_over)

class Shard {
 public:
  struct Ports {
    EventLog* log;
    BookStore* book;
    CommitSink* sink;
    CommitCodec* codec;
    Clock* clock;
    Random* random;
    const PhoneReader* phones;
    const KeyMint* mint;
    Gatherer* gatherer;
    Executor* executor;                   ///< serial: this shard's thread
    Executor* pool;                       ///< blocking reads
    Executor* providers;                  ///< runs the gatherer: may hang for as long as providers do
    std::function<void(Error)> on_fatal;  ///< the process must stop
    std::function<void(const StageTimes&)> staged;  ///< once per commit; on the shard's thread
    /// A record that does not count, and why: on the shard's thread. May be absent.
    std::function<void(Offset, std::string_view why)> void_record = nullptr;
    /// The shard decides no more in this term, and why: on the shard's thread. May be absent.
    std::function<void(std::uint64_t term, ResignCause cause, const std::string& why)> resigned = nullptr;
    /// The shard decides from now on, in a new term: on the shard's thread. May be absent.
    std::function<void()> opened = nullptr;
  };

  /// `node_name`: this node; `url`: where others reach it.
  Shard(Ports ports, ShardLimits limits, std::string node_name, std::string url);

  /// Folds what the log holds beyond the book; then claims, and `ready` is called once it may write, or only
  /// follows, and it is called at once.
  enum class Start { claim, follow };
  void start(Start how, std::move_only_function<void()> ready);
  /// Decides no more; `drained` when nobody waits for what is in flight: of a shared log after a second at
  /// most, when they are told that the outcome is not known.
  void stop(std::move_only_function<void()> drained);
  /// Claims a new term, whoever writes now. Any thread; nothing happens while a claim of its own is on its
  /// way.
  void contend();
  /// Of a shared log: decides no more in this term, lets what is in flight come back (a second at most), and
  /// lets go of its seat for another to claim. Any thread; nothing happens to who does not write.
  void hand_over();
  /// Reads on the caller's thread what every command needs (is its key known?), so that the shard's
  /// own thread need not wait for the disk. Optional.
  void prefetch(Ticket& ticket) const;
  /// Any thread. Answered exactly once.
  void submit(std::unique_ptr<Ticket> ticket);

  [[nodiscard]] bool open() const { return x_open_flag.load(); }
  /// Of a shared log: what was sent to it long ago has not come back (looked at every second).
  [[nodiscard]] bool stalled() const { return x_stalled; }
  [[nodiscard]] std::uint64_t term() const { return x_term_flag.load(); }
  /// What the log held when this shard began; of no log known before it told.
  [[nodiscard]] Offset end_at_start() const { return x_end_at_start; }
  [[nodiscard]] const ShardStats& stats() const { return x_stats; }
  /// Who writes, as counted so far. Thread-safe.
  struct Seat {
    std::uint64_t term = 0;
    std::string owner_url;      ///< "" = nobody yet
    bool mine = false;          ///< this shard's, which need not be open, but has not let go of it
    std::uint64_t counted = 0;  ///< commits, since this shard began
  };
  [[nodiscard]] Seat seat() const;

 private:
  /// A refusal without a commit of its own, that is true when those it rests on count.
  struct Refused {
    std::unique_ptr<Ticket> ticket;
    Refusal refusal;
  };
  struct Flight {
    std::shared_ptr<const Commit> commit;
    std::vector<BookChange> changes;
    std::unique_ptr<Ticket> ticket;
    std::vector<std::unique_ptr<Ticket>> joined;
    std::vector<Refused> refused;  ///< told when this counts
    std::size_t bytes = 0;
    StageTimes times;
    std::int64_t appended_us = 0;
    std::string basis_after, once;
    Offset offset = 0;
  };
  using Flights = std::vector<std::unique_ptr<Flight>>;
  struct Cached {
    BookRowPtr row;
    Offset written = 0;
  };
  using Rows = std::unordered_map<std::string, Cached>;

  // Deciding.
  std::unique_ptr<Ticket> next_in_turn();
  void admit(std::unique_ptr<Ticket> ticket);
  void take(std::unique_ptr<Ticket> ticket);
  bool wait_for_position(std::unique_ptr<Ticket>& ticket);
  bool join_running(std::unique_ptr<Ticket>& ticket);
  bool repeat_remembered(std::unique_ptr<Ticket>& ticket, const Book& book, Timestamp now);
  void answer_closed(std::unique_ptr<Ticket> ticket);
  void commit(std::unique_ptr<Ticket> ticket, Outcome outcome, Book& book, const Context& context);
  void fetch(std::unique_ptr<Ticket> ticket, std::vector<std::string> keys);
  void adopt(Ticket& ticket);
  void gather(std::unique_ptr<Ticket> ticket, std::vector<ProviderQuestion> questions);
  void answer(std::unique_ptr<Ticket> ticket, CommandAnswer answer);
  void refuse_now(std::unique_ptr<Ticket> ticket, Refusal refusal);
  void refuse_when_true(std::unique_ptr<Ticket> ticket, Refusal refusal);
  Refusal why_closed() const;
  std::optional<BookRowPtr> lookup(const std::string& key, Ticket& asking);
  std::optional<BookRowPtr> counted(const std::string& key);  ///< in memory, as counted
  bool clock_trusted();

  // Folding what the log gave back.
  void on_records(std::vector<LogRecord> records);
  void fold(std::vector<LogRecord> records);
  void show(CountedBatch batch);
  void read_again(std::vector<LogRecord> records);
  Result<bool> count(const LogRecord& record, CountedBatch& batch, Flights& done);
  Result<bool> count_commit(const LogRecord& record, CountedBatch& batch, Flights& done);
  Result<std::shared_ptr<const Commit>> decoded(const LogRecord& record) const;
  bool voided(const LogRecord& record, std::string_view why);
  Result<std::optional<Timestamp>> seen_at(const Commit& commit);
  Result<BookRowPtr> stored(const std::string& key);
  Result<std::vector<BookChange>> changes_of(const Commit& commit, Offset offset);
  void apply(const std::vector<BookChange>& changes, Offset offset);
  void answer_counted(Flights done);
  void visible(Offset next);
  void pace_tail();

  // Whose term it is (shard_term.cpp).
  void ask_end(std::move_only_function<void(Offset)> then);
  void begin(Offset end);
  void claim();
  void append_claim();
  void append_claim_after(std::int64_t pause_ms);
  void on_claim_failed(std::uint64_t attempt, const Error& error);
  void on_commit_failed(std::uint64_t term, std::uint64_t seq, const Error& error);
  void wait_for_space(const Error& error);
  void caught_up();
  void resign(ResignCause cause, const std::string& why);
  void let_go(std::uint64_t term, int looks);
  void on_new_term();
  void tell_seat();
  void refuse_flights_from(std::uint64_t seq, const Refusal& why);
  static std::vector<std::unique_ptr<Ticket>> waiting_for(Flight& flight);
  void decide_again(std::unique_ptr<Flight> flight);
  void answer_overdue();
  void give_up_answers(std::int64_t until_us);
  void watch_overdue();
  void maybe_open();
  void close();
  void stop_for(Error error);
  void forget_cold_rows();
  void maybe_drained();

  Ports x_ports;
  ShardLimits x_limits;
  std::string x_node, x_url;

  Ownership x_own;  ///< as counted so far
  Offset x_applied = 0, x_kept_next = 0;
  std::uint64_t x_next_seq = 1;
  std::string x_basis;  ///< after the last commit in flight
  bool x_open = false, x_stopping = false, x_dead = false;
  Start x_start = Start::claim;
  bool x_caught_up = false;             ///< with the log's end as it was at the start
  bool x_let_go = false;                ///< of the seat in this term
  std::optional<Error> x_out_of_space;  ///< why nothing is written at the moment
  std::atomic<Offset> x_end_at_start{std::numeric_limits<Offset>::max()};
  std::optional<Offset> x_open_after;  ///< an end taken since the claim counted
  std::size_t x_folding = 0;           ///< batches on their way into the read models
  bool x_paused = false;
  std::vector<LogRecord> x_unread;  ///< from the first that cannot be read yet on
  std::uint64_t x_claim_term = 0;
  std::uint64_t x_claim_attempt = 0;  ///< what waits for the outcome of an older one is over
  std::uint64_t x_resigned_term = 0;  ///< the last one it left by itself
  int x_claims_failed_in_a_row = 0;   ///< without one that counted in between, anybody's
  int x_resigns_in_a_row = 0;         ///< without a commit of its own that counted in between
  bool x_overdue_timer = false;
  std::vector<std::unique_ptr<Ticket>> x_again;  ///< void for certain: decided again in the next term
  std::atomic<bool> x_open_flag{false}, x_stalled{false};
  std::atomic<std::uint64_t> x_term_flag{0};
  mutable std::mutex x_seat_mutex;
  Seat x_seat;
  std::atomic<std::size_t> x_held{0}, x_held_bytes{0};
  std::size_t x_flight_bytes = 0;
  std::mutex x_door_mutex;  ///< guards who waits to be decided, and whose turn it is
  std::unordered_map<AccountId, std::deque<std::unique_ptr<Ticket>>> x_door;
  std::deque<AccountId> x_turns;
  std::move_only_function<void()> x_ready, x_drained;

  Rows x_rows, x_older_rows;  ///< the book in memory, as counted; two generations
  std::unordered_map<std::string, std::pair<BookRowPtr, std::uint64_t>> x_over;  ///< in flight: row, seq
  std::deque<std::unique_ptr<Flight>> x_flights;
  std::unordered_map<std::string, Flight*> x_by_key;  ///< account ‖ key_hash, until answered
  std::unordered_map<std::string, std::vector<std::unique_ptr<Ticket>>> x_gathering;
  std::unordered_map<AccountId, std::size_t> x_per_account;
  std::int64_t x_wall_minus_boot = 0;
  ShardStats x_stats;
};

}  // namespace ringledger
