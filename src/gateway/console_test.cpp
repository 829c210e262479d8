/// The console's files as the service hands them out.
#include "gateway/service_testing.h"
#include "http/head.h"

namespace bartizan::gateway {
namespace {

class ConsoleTest : public ServiceTest {
protected:
    void SetUp() override {
        std::string name = (std::filesystem::temp_directory_path() / "bartizan-XXXXXX").string();
        site_ = ::mkdtemp(name.data());
        write("index.html", "<!doctype html><title>Console</title>");
        write("assets/index-1a2b3c.js", "console.log(1);");
        write("turret.svg", "<svg/>");
        write("notes.md", "not handed out");
        write(".env", "SECRET=1");
        std::filesystem::create_symlink("/etc/passwd", site_ / "passwd.txt");
        config_.console = site_;
        ServiceTest::SetUp();
    }
    void TearDown() override {
        ServiceTest::TearDown();
        std::filesystem::remove_all(site_);
    }
    void write(const std::string& name, const std::string& text) {
        std::filesystem::create_directories((site_ / name).parent_path());
        ASSERT_TRUE(write_file_atomically(site_ / name, text).ok());
    }
    std::string get(const std::string& target, const std::string& headers = {}, const std::string& method = "GET") {
        http::RawClient client(server_->port());
        return client.asks(method + " " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + headers + "\r\n");
    }
    static std::string header(const std::string& answer, const std::string& name) {
        const std::size_t at = answer.find("\r\n" + name + ": ");
        if (at == std::string::npos) return {};
        const std::size_t begin = at + name.size() + 4;
        return answer.substr(begin, answer.find("\r\n", begin) - begin);
    }
    std::filesystem::path site_;
};

TEST_F(ConsoleTest, PagesHaveAStrictPolicyAndAreNotFramed) {
    for (const char* target : {"/", "/index.html", "/assets/index-1a2b3c.js", "/turret.svg"}) {
        const std::string answer = get(target);
        EXPECT_EQ(http::status_of(answer), 200) << target;
        const std::string policy = header(answer, "Content-Security-Policy");
        EXPECT_TRUE(policy.starts_with("default-src 'none'; script-src 'self';")) << policy;
        for (const char* word : {"frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'", "connect-src 'self'",
                                 "require-trusted-types-for 'script'"})
            EXPECT_NE(policy.find(word), std::string::npos) << word;
        EXPECT_EQ(policy.find("unsafe"), std::string::npos) << policy;
        EXPECT_EQ(policy.find("http"), std::string::npos) << policy;
        EXPECT_EQ(header(answer, "X-Content-Type-Options"), "nosniff");
        EXPECT_EQ(header(answer, "X-Frame-Options"), "DENY");
        EXPECT_EQ(header(answer, "Referrer-Policy"), "no-referrer");
    }
}

TEST_F(ConsoleTest, TypesComeFromATableAndWhatIsNotInItIsNotThere) {
    EXPECT_EQ(header(get("/"), "Content-Type"), "text/html; charset=utf-8");
    EXPECT_EQ(header(get("/assets/index-1a2b3c.js"), "Content-Type"), "text/javascript; charset=utf-8");
    EXPECT_EQ(header(get("/turret.svg"), "Content-Type"), "image/svg+xml");
    for (const char* target : {"/notes.md", "/.env", "/passwd.txt", "/assets/none.js", "/assets", "/nothing"})
        EXPECT_EQ(http::status_of(get(target)), 404) << target;
}

TEST_F(ConsoleTest, NoPathLeadsOutOfItsFolder) {
    for (const char* target : {"/../etc/passwd", "/assets/../../etc/passwd", "/%2e%2e/etc/passwd", "/assets/..%2findex.html",
                               "//etc/passwd", "/assets//index-1a2b3c.js", "/assets%5cindex-1a2b3c.js", "/index.html%00.js"})
        EXPECT_EQ(http::status_of(get(target, "Accept: text/html\r\n")), 400) << target;
    EXPECT_EQ(get("/passwd.txt", "Accept: text/html\r\n").find("root:"), std::string::npos);
}

TEST_F(ConsoleTest, HashedFilesAreKeptForEverAndTheStartPageIsAskedFor) {
    EXPECT_NE(header(get("/assets/index-1a2b3c.js"), "Cache-Control").find("immutable"), std::string::npos);
    const std::string page = get("/");
    EXPECT_EQ(header(page, "Cache-Control"), "no-cache");
    const std::string tag = header(page, "ETag");
    ASSERT_GT(tag.size(), 10U);
    const std::string again = get("/", "If-None-Match: " + tag + "\r\n");
    EXPECT_EQ(http::status_of(again), 304);
    EXPECT_EQ(again.find("<!doctype"), std::string::npos);
    EXPECT_EQ(http::status_of(get("/", "If-None-Match: \"other\"\r\n")), 200);
}

TEST_F(ConsoleTest, AddressesOfPagesHaveTheStartPageForBrowsersAlone) {
    const std::string page = get("/models/fashion", "Accept: text/html,application/xhtml+xml\r\n");
    EXPECT_EQ(http::status_of(page), 200);
    EXPECT_NE(page.find("<title>Console</title>"), std::string::npos);
    EXPECT_EQ(http::status_of(get("/models/fashion", "Accept: application/json\r\n")), 404);
    EXPECT_EQ(http::status_of(get("/v1/nothing", "Accept: text/html\r\n")), 404);
    EXPECT_EQ(http::status_of(get("/v1/models", "Accept: text/html\r\n")), 401);
    EXPECT_EQ(http::status_of(get("/v2/nothing", "Accept: text/html\r\n")), 404);
}

TEST_F(ConsoleTest, OnlyReading) {
    const std::string head = get("/", {}, "HEAD");
    EXPECT_EQ(http::status_of(head), 200);
    EXPECT_EQ(head.find("<!doctype"), std::string::npos);
    for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "PATCH"})
        EXPECT_EQ(http::status_of(get("/", {}, method)), 404) << method;
}

TEST_F(ConsoleTest, DocumentsOfTheApiRunNothing) {
    const Json report = {{"title", "<script>alert(1)</script>"}, {"severity", "low"}};
    ASSERT_EQ(ask("admin", "POST", "/v1/incidents", report.dump()).status, 201);
    const Answered page = ask("admin", "GET", "/v1/incidents/1/report?format=html");
    EXPECT_EQ(page.status, 200);
    const std::string policy = header(page.head + "\r\n", "Content-Security-Policy");
    EXPECT_NE(policy.find("default-src 'none'"), std::string::npos);
    EXPECT_NE(policy.find("sandbox"), std::string::npos);
    EXPECT_NE(page.head.find("X-Content-Type-Options: nosniff"), std::string::npos);
}

TEST_F(ServiceTest, WithoutItsFilesItSaysHowToBuildThem) {
    http::RawClient client(server_->port());
    const std::string answer = client.asks("GET / HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\n\r\n");
    EXPECT_EQ(http::status_of(answer), 200);
    EXPECT_NE(answer.find("text/html"), std::string::npos);
    EXPECT_NE(answer.find("make build"), std::string::npos);
    EXPECT_EQ(answer.find("<script"), std::string::npos);
}

class NoConsoleTest : public ServiceTest {
protected:
    void SetUp() override {
        config_.console.reset();
        ServiceTest::SetUp();
    }
};

TEST_F(NoConsoleTest, ThereIsNothingWhereItIsOff) {
    EXPECT_EQ(ask("", "GET", "/", {}, "Accept: text/html\r\n").code(), "not-found");
}

TEST(ConsoleFiles, AFolderThatIsNoneStopsTheStart) {
    EXPECT_EQ(Console::load("/nonexistent/console").error().code(), Errc::invalid_input);
    std::string name = (std::filesystem::temp_directory_path() / "bartizan-XXXXXX").string();
    const std::filesystem::path folder = ::mkdtemp(name.data());
    EXPECT_NE(Console::load(folder).error().line().find("no index.html"), std::string::npos);
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace bartizan::gateway
