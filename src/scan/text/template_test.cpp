#include "scan/text/template.h"

#include <gtest/gtest.h>

#include "scan/rules.h"
#include "scan/scan_testing.h"

namespace bartizan::scan {
namespace {

Verdict of_template(std::string_view text) {
    FileResult result;
    Budget budget;
    judge_template(text, Context{result, budget}, 0);
    return result.verdict;
}

TEST(ScanTemplates, ThoseOfChatModelsAreClean) {
    for (const char* text :
         {"{% for message in messages %}{{ message['role'].title() + ': ' + message['content'] | trim }}{% endfor %}",
          "{%- set ns = namespace(found=false) -%}{%- if ns.found and loop.index0 > 0 -%}{{ eos_token }}{%- endif -%}",
          "{{ raise_exception('roles must alternate') }}{{ tools | tojson(indent=4) }}{{ content.split('</think>')[-1] "
          "}}",
          "{{ '<__media__>' }}{% raw %}{{ x.__class__ }}{% endraw %}{# {{ x.__class__ }} #} text with __class__",
          "{{ dict(a={'b': 1})['a'] }}{{ messages[1:] | selectattr('role', 'equalto', 'user') | list }}"})
        EXPECT_EQ(of_template(text), Verdict::clean) << text;
}

TEST(ScanTemplates, EveryWayToPythonsOwnAttributesIsMalicious) {
    for (const char* text : {"{{ ''.__class__.__mro__ }}", "{{ x['__glo' ~ 'bals__'] }}", "{{ x['__glo' 'bals__'] }}",
                             "{{ x['\\x5f\\x5fglobals\\x5f\\x5f'] }}", "{{ x['\\137\\137globals\\137\\137'] }}",
                             "{{ x|attr('__class__') }}", "{{ x|attr(['_'*2,'class','_'*2]|join) }}",
                             "{{ x|attr(name) }}", "{{ getattr(x, y) }}", "{{ '{0.__class__}'.format(x) }}",
                             "{% if cycler.__init__ %}{% endif %}", "{{ lipsum.os.popen('id') }}",
                             "{%set a=b.f_globals%}", "{{ eval('1') }}", "{{ x | map(attribute='__class__') | list }}"})
        EXPECT_EQ(of_template(text), Verdict::malicious) << text;
}

TEST(ScanTemplates, WhatHidesItsKeysOrLoadsOthersIsUnproven) {
    for (const char* text : {"{{ x['ro' ~ name] }}", "{% include 'other' %}", "{{ x|attr('role') }}",
                             "{{ x._private }}", "{{ self.block() }}"})
        EXPECT_EQ(of_template(text), Verdict::unproven) << text;
}

TEST(ScanTemplates, UnfinishedOnesAreReadToTheirEnd) {
    for (const char* text : {"{{", "{%", "{#", "{{ 'a", "{{ x.", "{{ '\\x5", "{% raw %}"})
        EXPECT_EQ(of_template(text), Verdict::clean) << text;
}

}  // namespace
}  // namespace bartizan::scan
