#pragma once
/// Examines versions that come in with `bartizan scan` and `bartizan verify`, each in a process of its own.

#include "gateway/examiner.h"

namespace bartizan::program {

class ProgramExaminer final : public gateway::Examiner {
public:
    explicit ProgramExaminer(std::filesystem::path program) : program_(std::move(program)) {}
    Result<registry::Check> scan(const std::filesystem::path& file) override;
    Result<registry::Check> verify(const std::filesystem::path& file, const std::filesystem::path& signature,
                                   const std::vector<std::filesystem::path>& signers) override;
    Result<std::string> audit(const std::filesystem::path& model, const std::filesystem::path& data) override;

private:
    std::filesystem::path program_;
};

}  // namespace bartizan::program
