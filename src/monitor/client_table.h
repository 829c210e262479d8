#pragma once
/// What detectors remember of clients, in bounded room, so that nobody hides by being forgotten. Who is suspected is
/// forgotten last, whom detectors know before him, newcomers first: a flood of new names pushes out new names. How much
/// was asked by names that were forgotten is kept in a small sketch (count-min, Cormode & Muthukrishnan 2005), so that
/// whoever asks a little, lets himself be forgotten and comes back is no newcomer any more.
/// To push out a suspect takes as many suspects as there is room for. Thread rule: used by one thread at a time.

#include <array>
#include <cstdint>
#include <functional>
#include <list>
#include <string>
#include <unordered_map>
#include <vector>

namespace bartizan::monitor {

/// Upper bounds of how often names were seen lately: 512 KB. All counts are halved after 131,072 queries, so that a
/// flood of names does not fill it up.
class NameSketch {
public:
    /// Whoever knows `key` can make names that share their counts.
    explicit NameSketch(std::uint64_t key) : key_(key), counts_(kRows * kColumns) {}
    void add(const std::string& name, std::uint32_t times);
    std::uint32_t count(const std::string& name) const;

private:
    static constexpr std::size_t kRows = 4, kColumns = 1 << 16;
    static constexpr std::uint64_t kHalveAfter = 1 << 17;
    std::size_t place(const std::string& name, std::size_t row) const;
    std::uint64_t key_;
    std::uint64_t added_ = 0;
    std::vector<std::uint16_t> counts_;
};

enum class Weight : std::uint8_t { newcomer, known, suspect };
/// Queries after which a client is no newcomer: the first judgement of theft.
inline constexpr std::uint32_t kKnownAfter = 20;

template <class State>
class ClientTable {
public:
    struct Client {
        std::string name;
        std::uint32_t queries = 0;
        Weight weight = Weight::newcomer;
        State state = {};
    };
    ClientTable(std::size_t most, std::uint64_t key) : most_(most), forgotten_(key) {}

    /// The client of this name, new if need be; valid until the next call.
    Client& see(const std::string& name) {
        if (const auto found = places_.find(name); found != places_.end()) {
            Clients& there = of(found->second->weight);
            there.splice(there.begin(), there, found->second);
            count(there.front());
            return places_.at(name).operator*();
        }
        if (places_.size() >= most_) forget();
        const bool came_before = forgotten_.count(name) + 1 >= kKnownAfter;
        Clients& there = of(came_before ? Weight::known : Weight::newcomer);
        there.push_front({name, 0, came_before ? Weight::known : Weight::newcomer, {}});
        places_[name] = there.begin();
        count(there.front());
        return *places_.at(name);
    }
    void suspect(Client& client, bool suspected) {
        const Weight honest = client.weight == Weight::newcomer ? Weight::newcomer : Weight::known;
        move(client, suspected ? Weight::suspect : honest);
    }
    bool has(const std::string& name) const { return places_.contains(name); }
    std::size_t size() const { return places_.size(); }

private:
    using Clients = std::list<Client>;  // most recently seen first
    Clients& of(Weight weight) { return clients_[static_cast<std::size_t>(weight)]; }

    void count(Client& client) {
        if (++client.queries >= kKnownAfter && client.weight == Weight::newcomer) move(client, Weight::known);
    }
    void move(Client& client, Weight to) {
        if (client.weight == to) return;
        const auto place = places_.at(client.name);
        of(to).splice(of(to).begin(), of(client.weight), place);
        client.weight = to;
    }
    void forget() {
        Clients* from = &of(Weight::newcomer);
        if (from->size() <= most_ / 8 && !of(Weight::known).empty()) from = &of(Weight::known);
        if (from->empty()) from = &of(Weight::suspect);
        forgotten_.add(from->back().name, from->back().queries);
        places_.erase(from->back().name);
        from->pop_back();
    }

    std::size_t most_;
    NameSketch forgotten_;
    std::array<Clients, 3> clients_;
    std::unordered_map<std::string, typename Clients::iterator> places_;
};

}  // namespace bartizan::monitor
