#include "scan/pickle/evidence.h"

#include <algorithm>
#include <array>

#include "scan/text/words.h"

namespace bartizan::scan::pickle {
namespace {

/// Longer strings are data.
constexpr std::size_t kLongestCommand = 8'192;

/// With an argument behind them these are commands; words of common speech are none.
constexpr std::array<std::string_view, 24> kCommands = {
    "echo",   "touch", "curl",    "wget", "bash",       "sh",    "/bin/sh",  "/bin/bash",
    "rm",     "chmod", "nc",      "ncat", "powershell", "cmd",   "cmd.exe",  "sudo",
    "mkfifo", "nohup", "crontab", "scp",  "certutil",   "mshta", "rundll32", "powershell.exe"};
constexpr std::array<std::string_view, 8> kBegins = {"cat /",  "ls -",      "ls /",       "ping -",
                                                     "kill -", "python -c", "python3 -c", "perl -e"};
/// These are commands even without an argument.
constexpr std::array<std::string_view, 7> kAlone = {"whoami",  "/bin/sh",  "/bin/bash",     "powershell",
                                                    "cmd.exe", "calc.exe", "powershell.exe"};
constexpr std::array<std::string_view, 22> kCode = {
    "__import__(",   "os.system",     "os.popen",  "subprocess.", "import os", "import subprocess",
    "import socket", "exec(",         "eval(",     "os.exec",     "pty.spawn", "/etc/passwd",
    "/etc/shadow",   ".ssh/",         "/dev/tcp/", "| sh",        "| bash",    "|sh",
    "|bash",         "socket.socket", "urlopen(",  "__builtins__"};
/// Not "eval": that is what models are told before they are used.
constexpr std::array<std::string_view, 12> kWords = {"system",     "popen",        "Popen",      "exec",
                                                     "__import__", "check_output", "check_call", "execve",
                                                     "execvp",     "rmtree",       "getoutput",  "spawnv"};

template <std::size_t N>
bool has(const std::array<std::string_view, N>& words, std::string_view word) {
    return std::ranges::find(words, word) != words.end();
}

}  // namespace

std::string_view command_evidence(std::string_view text) {
    if (text.empty() || text.size() > kLongestCommand) return {};
    const std::size_t blank = std::min(text.find_first_of(" \n;"), text.size());
    const std::string_view first = text.substr(0, blank);
    if (has(kAlone, text) || (blank < text.size() && has(kCommands, first))) return first;
    for (const std::string_view begin : kBegins)
        if (text.starts_with(begin)) return begin;
    for (const std::string_view code : kCode)
        if (text.find(code) != std::string_view::npos) return code;
    return command_in(text);
}

bool is_dangerous_word(std::string_view name) { return has(kWords, name); }

}  // namespace bartizan::scan::pickle
