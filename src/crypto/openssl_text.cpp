#include "crypto/openssl_text.h"

#include <algorithm>
#include <limits>

#include <openssl/bio.h>

namespace bartizan::crypto {

void BioFree::operator()(bio_st* bio) const { BIO_free(bio); }

Bio reading(std::string_view text) {
    const std::size_t most = static_cast<std::size_t>(std::numeric_limits<int>::max());
    return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(std::min(text.size(), most))));
}

Bio writing() { return Bio(BIO_new(BIO_s_secmem())); }

std::string content_of(bio_st* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

}  // namespace bartizan::crypto
