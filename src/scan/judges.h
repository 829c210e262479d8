#pragma once
/// The formats' judges, as scan/formats.cpp lists them: `looks_like_X` tells by content alone and reads little,
/// `judge_X` reports what loading would do. None of them runs anything or fails: what cannot be read is reported.
/// Thread rule: as Context.

#include "scan/judge.h"

namespace bartizan::scan {

bool looks_like_program(Bytes content);
void judge_program(Bytes content, Context& context);
bool looks_like_media(Bytes content);
void judge_media(Bytes content, Context& context);

bool looks_like_seven_zip(Bytes content);
void judge_seven_zip(Bytes content, Context& context);
bool looks_like_zip(Bytes content);
void judge_zip(Bytes content, Context& context);
bool looks_like_tar(Bytes content);
void judge_tar(Bytes content, Context& context);
bool looks_like_gzip(Bytes content);
void judge_gzip(Bytes content, Context& context);
bool looks_like_zlib(Bytes content);
void judge_zlib(Bytes content, Context& context);
bool looks_like_zfile(Bytes content);
void judge_zfile(Bytes content, Context& context);
bool looks_like_filtered(Bytes content);
void judge_filtered(Bytes content, Context& context);

/// What no format matches: searched for hidden streams.
void judge_unknown(Bytes content, Context& context);

}  // namespace bartizan::scan
