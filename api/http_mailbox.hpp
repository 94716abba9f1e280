// How an answer given on any thread reaches the coroutine that waits for it on its io thread: answers
// that come together (after one group commit) wake that thread once. Internal to the http server.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "api/http_types.hpp"

namespace ringledger::http {

class Mailbox;

/// One thing waited for: the handler's answer, or one chunk of a stream.
struct Ticket {
  std::shared_ptr<Mailbox> home;
  HttpResponse answer;                     ///< status 0: none was given
  std::string chunk;                       ///< of a stream
  bool more = false, broken = false;       ///< of a stream
  bool done = false;                       ///< io thread only
  std::move_only_function<void()> waiter;  ///< io thread only: the suspended coroutine

  /// Io thread only. Resumes the coroutine, if it waits.
  void wake() {
    if (auto w = std::exchange(waiter, nullptr)) w();
  }
};

class Mailbox : public std::enable_shared_from_this<Mailbox> {
 public:
  /// `wake_up` posts a task to the io thread.
  explicit Mailbox(std::function<void(std::function<void()>)> wake_up) : wake_up_(std::move(wake_up)) {}

  /// From any thread: the ticket's content is complete. Once a ticket.
  void put(std::shared_ptr<Ticket> ticket) {
    if (std::this_thread::get_id() == owner_.load(std::memory_order_relaxed) && !ticket->waiter) {
      ticket->done = true;  // answered before the coroutine came to wait
      return;
    }
    std::lock_guard lock(mutex_);
    if (!wake_up_) return;
    tickets_.push_back(std::move(ticket));
    if (tickets_.size() == 1) wake_up_([self = shared_from_this()] { self->deliver(); });
  }

  /// The io thread says that it is the one.
  void own() { owner_ = std::this_thread::get_id(); }
  /// The io thread is gone: what comes now is dropped.
  void close() {
    std::vector<std::shared_ptr<Ticket>> dropped;
    std::lock_guard lock(mutex_);
    wake_up_ = nullptr;
    owner_ = std::thread::id{};
    dropped.swap(tickets_);
  }

 private:
  void deliver() {
    {
      std::lock_guard lock(mutex_);
      delivering_.swap(tickets_);
    }
    for (auto& ticket : delivering_) {
      ticket->done = true;
      ticket->wake();
    }
    delivering_.clear();
  }

  std::function<void(std::function<void()>)> wake_up_;
  std::atomic<std::thread::id> owner_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<Ticket>> tickets_;
  std::vector<std::shared_ptr<Ticket>> delivering_;  ///< io thread only; keeps its memory
};

/// The right to complete a ticket. Destroyed unused, it completes it as it is.
class Completion {
 public:
  explicit Completion(std::shared_ptr<Ticket> ticket) : ticket_(std::move(ticket)) {}
  Completion(Completion&&) noexcept = default;
  Completion& operator=(Completion&&) = delete;
  ~Completion() { finish(); }

  /// As the handler's answer.
  void operator()(HttpResponse answer) {
    if (ticket_) ticket_->answer = std::move(answer);
    finish();
  }
  [[nodiscard]] Ticket* ticket() const { return ticket_.get(); }
  void finish() {
    if (auto t = std::exchange(ticket_, nullptr)) {
      auto home = t->home;
      home->put(std::move(t));
    }
  }

 private:
  std::shared_ptr<Ticket> ticket_;
};

}  // namespace ringledger::http
