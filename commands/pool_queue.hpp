// A queue of a pool as rows of the book: a heap of a row a seat, so that its front is one row. `Rows` is the
// fold of the whole book (commands/pool_fold.hpp).
#pragma once

#include <utility>

#include "commands/book.hpp"

namespace ringledger {

template <class Rows>
class QueueRows {
 public:
  QueueRows(Rows& rows, CampaignId campaign, pools::Queue queue, std::int64_t& length)
      : x_rows(rows), x_campaign(campaign), x_queue(queue), x_length(length) {}

  void join(const QueueSeat& seat) { rise(x_length++, seat); }
  void leave(NumberId number) {
    const auto* place = x_rows.template find<QueuePlace>(raw_name(number.raw));
    if (!place || x_length == 0) return;
    auto index = place->index;
    x_rows.template drop<QueuePlace>(raw_name(number.raw));
    const auto* found = at(--x_length);
    if (!found) return;
    QueueSeat last = *found;
    x_rows.template drop<QueueSeat>(seat_name(x_campaign, x_queue, x_length));
    if (index == x_length) return;
    const auto* parent = index > 0 ? at(seat_above(index)) : nullptr;
    parent&& before(last, *parent) ? rise(index, last) : sink(index, last);
  }

 private:
  static bool before(const QueueSeat& a, const QueueSeat& b) {
    return std::pair(a.since, a.e164) < std::pair(b.since, b.e164);
  }
  const QueueSeat* at(std::int64_t index) {
    return x_rows.template find<QueueSeat>(seat_name(x_campaign, x_queue, index));
  }
  void seat(std::int64_t index, const QueueSeat& who) {
    x_rows.set(seat_name(x_campaign, x_queue, index), who);
    x_rows.set(raw_name(who.number.raw), QueuePlace{index});
  }
  void rise(std::int64_t index, const QueueSeat& who) {
    while (index > 0) {
      const auto* parent = at(seat_above(index));
      if (!parent || !before(who, *parent)) break;
      seat(index, QueueSeat(*parent));
      index = seat_above(index);
    }
    seat(index, who);
  }
  void sink(std::int64_t index, const QueueSeat& who) {
    while (true) {
      std::int64_t first = -1;
      QueueSeat least = who;
      for (auto child : seats_below(index)) {
        const auto* c = child < x_length ? at(child) : nullptr;
        if (!c || !before(*c, least)) continue;
        first = child;
        least = *c;
      }
      if (first < 0) break;
      seat(index, least);
      index = first;
    }
    seat(index, who);
  }

  Rows& x_rows;
  CampaignId x_campaign;
  pools::Queue x_queue;
  std::int64_t& x_length;
};

}  // namespace ringledger
