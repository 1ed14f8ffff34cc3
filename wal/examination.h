// One examination of a log: directory, names, headers, base, chain, tail, in this order; the first
// refusal ends it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "wal/examiner.h"

namespace stet::wal {

class Examination {
 public:
  Examination(Survey* survey, const ExamineMode& mode);

  Decision Run();

 private:
  bool Refuse(Refusal refusal, Finding finding);
  void Note(Severity severity, Finding finding);
  void Apply(int row);

  bool CheckDirectory();
  void FillUnborn();
  bool CheckNames();
  bool CheckHeaders();
  bool CheckLinks();

  // Where replay starts: examination_base.cc.
  bool CheckBase();
  bool Decide(const BaseFacts& facts);
  AnchorPlace PlaceOf(const Anchor& anchor) const;
  AnchorPlace PlaceInside(const Anchor& anchor) const;
  size_t ScanStart() const;
  bool Covers(const SurveyedSegment& segment) const;
  void PassOver(size_t count);

  // From the base to the end: examination_chain.cc.
  bool CheckChain();
  bool CheckStatedEnd(const SurveyedSegment& segment, const SurveyedSegment& next);
  bool CheckScan(size_t index);
  bool CheckInner(const SurveyedSegment& segment, const SurveyedSegment& next,
                  const SegmentScan& scan);
  bool CheckTail(const SurveyedSegment& segment, const SegmentScan& scan);
  bool CheckSuccessor(const SurveyedSegment& segment, const SegmentScan& scan);
  void NoteSlots(const SurveyedSegment& segment);
  void FillReport(const SurveyedSegment& segment);
  Chain ChainBefore(const Chain& stated);
  void FillTail();

  Survey& survey_;
  const ExamineMode& mode_;
  Decision decision_;
  std::vector<SurveyedSegment*> active_;
  size_t scan_start_ = 0;             // index in active_
  std::string anchor_conflict_ = {};  // what a scan found
};

}  // namespace stet::wal
