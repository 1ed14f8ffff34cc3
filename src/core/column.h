// Columns of a part of a snapshot, read without trust.
#pragma once

#include <cstddef>
#include <cstdint>

#include <flatbuffers/flatbuffers.h>

namespace stet::core {

// One column; absent, it is zero everywhere.
template <class T>
class Column {
 public:
  explicit Column(const flatbuffers::Vector<T>* vector) {
    if (vector == nullptr) return;
    size_ = vector->size();
    data_ = reinterpret_cast<const T*>(vector->Data());
  }

  // As long as the others, and where it can be read: FlatBuffers 2 does not verify the alignment of
  // elements.
  bool Fits(size_t entries) const {
    return size_ == 0 || (size_ == entries && reinterpret_cast<uintptr_t>(data_) % alignof(T) == 0);
  }

  T operator[](size_t i) const { return size_ == 0 ? T{} : data_[i]; }

 private:
  const T* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace stet::core
