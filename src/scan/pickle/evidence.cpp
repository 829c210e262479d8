#include "scan/pickle/evidence.h"

#include <algorithm>
#include <array>

#include "scan/text/words.h"

namespace bartizan::scan::pickle {
namespace {

/// Longer strings are data.
constexpr std::size_t kLongestCommand = 8'192;

constexpr std::array<std::string_view, 38> kCommands = {
    "echo",   "touch",  "curl",    "wget",   "bash",     "sh",         "/bin/sh",  "/bin/bash", "rm",   "chmod",
    "cat",    "whoami", "nc",      "ncat",   "ping",     "powershell", "cmd",      "cmd.exe",   "calc", "calc.exe",
    "python", "perl",   "sudo",    "kill",   "mkfifo",   "nohup",      "crontab",  "scp",       "ssh",  "uname",
    "ls",     "dd",     "python3", "base64", "certutil", "mshta",      "rundll32", "open"};
/// These are commands even without an argument.
constexpr std::array<std::string_view, 12> kAlone = {"whoami",  "/bin/sh", "/bin/bash", "powershell",
                                                     "cmd.exe", "calc",    "calc.exe",  "uname",
                                                     "bash",    "ls",      "mshta",     "id"};
constexpr std::array<std::string_view, 22> kCode = {
    "__import__(",   "os.system",     "os.popen",  "subprocess.", "import os", "import subprocess",
    "import socket", "exec(",         "eval(",     "os.exec",     "pty.spawn", "/etc/passwd",
    "/etc/shadow",   ".ssh/",         "/dev/tcp/", "| sh",        "| bash",    "|sh",
    "|bash",         "socket.socket", "urlopen(",  "__builtins__"};
constexpr std::array<std::string_view, 24> kWords = {
    "system",      "popen",     "Popen",   "exec",   "eval",   "__import__",    "check_output", "check_call",
    "subprocess",  "execve",    "execvp",  "spawn",  "socket", "pty",           "rmtree",       "urlopen",
    "urlretrieve", "b64decode", "marshal", "ctypes", "fork",   "import_module", "runcode",      "getoutput"};

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
    for (const std::string_view code : kCode)
        if (text.find(code) != std::string_view::npos) return code;
    return command_in(text);
}

bool is_dangerous_word(std::string_view name) { return has(kWords, name); }

}  // namespace bartizan::scan::pickle
