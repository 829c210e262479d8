#include <fmt/format.h>

#include "text/pieces.h"

namespace bartizan::text {

Result<void> Vocabulary::add(std::string piece, std::int64_t id) {
    if (id < 0 || id >= static_cast<std::int64_t>(kMostPieces))
        return invalid_input(fmt::format("token id {} is out of range", id));
    if (piece.size() > kMostPieceBytes)
        return exhausted(fmt::format("token {} has {} bytes, at most {} are taken", id, piece.size(), kMostPieceBytes));
    const auto at = static_cast<std::size_t>(id);
    if (at >= pieces_.size()) pieces_.resize(at + 1);
    if (!pieces_[at].empty() && pieces_[at] != piece)
        return invalid_input(fmt::format("token id {} is given twice", id));
    longest_ = std::max(longest_, piece.size());
    pieces_[at] = piece;
    ids_.insert_or_assign(std::move(piece), id);
    return {};
}

std::optional<std::int64_t> Vocabulary::id(std::string_view piece) const {
    const auto found = ids_.find(piece);
    return found == ids_.end() ? std::nullopt : std::optional(found->second);
}

const std::string& Vocabulary::piece(std::int64_t id) const {
    static const std::string none;
    return id < 0 || id >= size() ? none : pieces_[static_cast<std::size_t>(id)];
}

std::size_t code_bytes(char lead) {
    const auto byte = static_cast<unsigned char>(lead);
    return byte < 0xc0 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

}  // namespace bartizan::text
