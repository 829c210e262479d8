#include "provenance/bom/licences.h"

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

namespace bartizan::provenance {
namespace {

TEST(Licences, AreKnownByTheWordsOfTheHub) {
    for (const auto& [word, id] : {std::pair{"apache-2.0", "Apache-2.0"},
                                   {"mit", "MIT"},
                                   {"cc-by-nc-sa-4.0", "CC-BY-NC-SA-4.0"},
                                   {"GPL-3.0", "GPL-3.0-only"},
                                   {"bsd-3-clause", "BSD-3-Clause"},
                                   {"cc0-1.0", "CC0-1.0"},
                                   {"Apache-2.0", "Apache-2.0"},
                                   {"unlicense", "Unlicense"},
                                   {"odbl", "ODbL-1.0"}})
        EXPECT_EQ(licence_of_word(word, "f").id, id) << word;
}

TEST(Licences, ThatSpdxDoesNotKnowKeepTheirName) {
    for (const char* word : {"openrail", "llama3", "other", "bigscience-bloom-rail-1.0"}) {
        EXPECT_EQ(licence_of_word(word, "f").id, "") << word;
        EXPECT_EQ(licence_of_word(word, "f").name, word);
    }
    EXPECT_EQ(licence_of_word(std::string(10'000, 'x'), "f").name.size(), 100U);
}

TEST(Licences, AreKnownByTheirText) {
    std::ostringstream apache;
    apache << std::ifstream(BARTIZAN_SOURCE_DIR "/LICENSE").rdbuf();
    EXPECT_EQ(licence_of_text(apache.str(), "LICENSE").id, "Apache-2.0");
    EXPECT_EQ(licence_of_text("MIT License\n\nPermission is hereby granted, free of charge,\n  to any person obtaining "
                              "a copy\nof this software ... THE SOFTWARE IS PROVIDED \"AS IS\"",
                              "")
                  .id,
              "MIT");
    EXPECT_EQ(licence_of_text("GNU GENERAL PUBLIC LICENSE\n Version 3, 29 June 2007", "").id, "GPL-3.0-only");
    EXPECT_EQ(licence_of_text("GNU LESSER GENERAL PUBLIC LICENSE\n Version 3, 29 June 2007", "").id, "LGPL-3.0-only");
    EXPECT_EQ(licence_of_text("Creative Commons Attribution-ShareAlike 4.0 International", "").id, "CC-BY-SA-4.0");
    EXPECT_EQ(licence_of_text("Attribution 4.0 International", "").id, "CC-BY-4.0");
    EXPECT_EQ(licence_of_text("Redistribution and use in source and binary forms ... this list of conditions ... "
                              "Neither the name of X",
                              "")
                  .id,
              "BSD-3-Clause");
    EXPECT_EQ(licence_of_text("LLAMA 3 COMMUNITY LICENSE AGREEMENT", "").name, "Llama community licence");
    EXPECT_EQ(licence_of_text("// SPDX-License-Identifier: MPL-2.0 */\nmore", "").id, "MPL-2.0");
}

TEST(Licences, AreNotGuessed) {
    for (const char* text :
         {"", "All rights reserved.", "Permission is hereby granted to nobody.", "SPDX-License-Identifier:"}) {
        EXPECT_EQ(licence_of_text(text, "").id, "") << text;
        EXPECT_EQ(licence_of_text(text, "").name, "") << text;
    }
}

TEST(Licences, AreLookedForInTheirUsualFiles) {
    for (const char* name : {"LICENSE", "license.txt", "LICENCE.md", "COPYING", "COPYING.LESSER", "LICENSE-MIT"})
        EXPECT_TRUE(is_licence_file(name)) << name;
    for (const char* name : {"licenses_of_images.csv", "README.md", "my_license", ""})
        EXPECT_FALSE(is_licence_file(name)) << name;
}

}  // namespace
}  // namespace bartizan::provenance
