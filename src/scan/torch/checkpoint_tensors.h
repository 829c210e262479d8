#pragma once
/// The tensors of a torch checkpoint: views of storages, by the names that the state dict gives them. What the symbolic
/// machine made of the pickle is read; nothing is run (torch/_utils.py, torch/serialization.py).
/// Thread rule: plain values.

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "scan/judge.h"
#include "scan/pickle/world.h"
#include "scan/tensors/tensor.h"

namespace bartizan::scan {

/// What the pickles of one checkpoint say about its storages.
class StorageTypes {
public:
    struct Storage {
        std::string_view type;  ///< as StoredTensor's
        std::uint64_t elements = 0;
    };
    /// More storages are not told apart.
    static constexpr std::size_t kMax = 65'536;

    /// `torch_class`: "torch.FloatStorage". The first word about a key counts.
    void add(std::string_view key, std::string_view torch_class, std::uint64_t elements);
    const Storage* find(const std::string& key) const;

    /// Of a legacy checkpoint: the keys, as their bytes follow each other.
    const std::vector<std::string>& order() const { return order_; }
    void set_order(std::vector<std::string> keys) { order_ = std::move(keys); }

private:
    std::unordered_map<std::string, Storage> storages_;
    std::vector<std::string> order_;
};
using StorageBytes = std::unordered_map<std::string, Bytes>;

/// A pickle that is a list of known keys is the order of the storages.
void note_order(const pickle::World& world, const pickle::Value& result, StorageTypes& types);
/// Names every tensor in what the pickle made: `tensors.views`. What is no tensor is left out, by name.
void collect_checkpoint(const pickle::World& world, const pickle::Value& result, TensorCollector& tensors);
/// Gives the views their bytes.
void place_storages(const StorageBytes& storages, TensorCollector& tensors);

}  // namespace bartizan::scan
