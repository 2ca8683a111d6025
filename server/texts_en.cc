// SPDX-License-Identifier: Apache-2.0
#include "server/phrases.h"
#include "server/strings.h"

namespace closure {
namespace {

std::string_view KindLabel(v1::ItemKind kind) {
  switch (kind) {
    case v1::UNPAID_BILL:
      return "Unpaid bill";
    case v1::UNBILLED_CHARGE:
      return "Unbilled charge";
    case v1::CREDIT_NOTE:
      return "Credit note";
    case v1::BALANCE:
      return "Balance, to be forfeited";
    case v1::DEBT:
      return "Debt, to be written off";
    case v1::PAY_AS_YOU_GO_RESOURCE:
      return "Pay-as-you-go resource, with all its data";
    case v1::SUBSCRIPTION_RESOURCE:
      return "Subscription resource, with all its data";
    case v1::DOMAIN_NAME:
      return "Domain name";
    case v1::ICP_FILING:
      return "ICP filing";
    case v1::DIRECTORY_MANAGEMENT_ACCOUNT:
    case v1::DIRECTORY_RESOURCE_ACCOUNT:
    case v1::DIRECTORY_CLOUD_ACCOUNT:
      return "Resource directory";
    case v1::TRUSTEESHIP_ADMINISTRATOR:
      return "Finance trusteeship";
    case v1::RESELLER_CUSTOMER:
      return "Reseller relationship";
    default:
      return "Other item";
  }
}

std::string Duration(absl::Duration duration) {
  const WholeDuration whole = InLargestUnit(duration);
  constexpr std::string_view kUnits[] = {"second", "minute", "hour", "day"};
  return Concat(whole.number, " ", kUnits[static_cast<int>(whole.unit)], whole.number == 1 ? "" : "s");
}

constexpr Phrases kEnglish = {
    .discard_intro = "You are about to give up the following of account $0. This cannot be undone:",
    .discard_nothing = "At present nothing of account $0 can be discarded.",
    .discard_resources =
        "Resources are released at once, and their data is deleted at once. "
        "They cannot be recovered, not even if you cancel the closure afterwards or it is aborted.",
    .discard_money =
        "Money that you renounce is recorded now. "
        "A balance is forfeited when the silent period begins, and a debt is written off when the account is deleted. "
        "If the closure ends before that, by being cancelled, expiring or being aborted, "
        "what has not been carried out is dropped: the balance stays yours and the debt stays owed. "
        "What has been forfeited is not returned.",
    .confirm_intro =
        "You are about to close account $0 for good. This is permanent and cannot be undone. "
        "All data, resources, information and assets of the account are deleted and cannot be recovered; "
        "resource instances, services, funds, bills and invoices cannot be recovered either. "
        "The account can never sign in again. Bindings to third-party accounts are deleted.",
    .confirm_renounced = "You have renounced the following; with this confirmation it is lost:",
    .confirm_nothing_renounced = "You have not renounced any money in this closure.",
    .confirm_late_settlement =
        "Consent to late settlements: what is charged late can leave a small debt or balance. "
        "If you consent, a debt of at most $1 in the settlement currency that the final check finds is written off, "
        "and a balance of at most $0 in the settlement currency that it finds is forfeited, "
        "in each currency together with what you renounced before. "
        "Without this consent, above these limits, and for every bill that arrives late and is not paid, "
        "the closure is aborted and the account is restored.",
    .confirm_abort =
        "If the closure is aborted, nothing that was released, unsubscribed or forfeited comes back. "
        "You then have to sign in, settle what is open and start again from the beginning.",
    .item_line = "- $0: $1$2",
    .more_items = "- and $0 more",
    .balance_note = "A remaining balance cannot be withdrawn after the account is closed.",
    .silent_period =
        "After you confirm, within about five minutes, a silent period of $0 begins. "
        "It can be neither revoked nor shortened, by you or by anybody else. "
        "You are signed out everywhere; you can sign in only to see the remaining time. "
        "From its beginning, resources that were unsubscribed and balances that were forfeited are gone.",
    .code_subject = "Your code for closing your cloud account",
    .code_mail =
        "Your identity code is $0. It is valid for $1.\n\n"
        "Somebody who is signed in as the owner of your cloud account has asked to close the account for good. "
        "If that was not you, give this code to nobody, change your password and contact us.\n",
    .code_text =
        "$0 is your code for closing your cloud account, valid for $1. "
        "If you did not ask for it, give it to nobody and change your password.",
    .closed_subject = "Your cloud account $0 is closed",
    .closed_mail =
        "The closure of your cloud account $0 has succeeded. "
        "The account and all its data, resources, information and assets "
        "are permanently deleted and cannot be recovered. "
        "Nobody can sign in with it any more. To use the cloud again, create a new account.\n",
    .closed_text =
        "Your cloud account $0 is closed. "
        "The account and all its data are permanently deleted and cannot be recovered.",
    .aborted_subject = "Your cloud account $0 was not closed",
    .aborted_mail =
        "The closure of your cloud account $0 was aborted, and the account is restored to normal status.\n\n"
        "Reason: $1\n\n"
        "What was released, unsubscribed or forfeited on the way does not come back. "
        "If you still want to close the account, sign in, settle what is open and start again from the beginning under "
        "Account Center > Security Settings > Close Account; a closure cannot be resumed.\n",
    .aborted_text =
        "Your cloud account $0 was not closed and is restored. Reason: $1 "
        "What was released or forfeited does not come back. "
        "To close it, sign in, settle what is open and start again from the beginning under "
        "Account Center > Security Settings > Close Account.",
    .cancelled_subject = "The closure of your cloud account $0 was cancelled",
    .cancelled_mail =
        "You have cancelled the closure of your cloud account $0. The account stays in normal status. "
        "Resources that were released on the way do not come back; money that you renounced stays as it is. "
        "To close the account later, start again from the beginning under "
        "Account Center > Security Settings > Close Account.\n",
    .cancelled_text =
        "You have cancelled the closure of your cloud account $0. Resources that were released do not come back. "
        "To close it later, start again from the beginning under Account Center > Security Settings > Close Account.",
    .gone_subject = "The closure of your cloud account $0 has ended",
    .gone_mail = "The closure of your cloud account $0 has ended, because the account was deleted by another path.\n",
    .gone_text = "The closure of your cloud account $0 has ended: the account was deleted by another path.",
    .expired_subject = "The closure of your cloud account $0 has expired",
    .expired_mail =
        "The closure of your cloud account $0 has expired, because nothing happened for too long. "
        "The account stays in normal status. "
        "Resources that were released on the way do not come back; money that you renounced stays as it is. "
        "To close the account, start again from the beginning under "
        "Account Center > Security Settings > Close Account.\n",
    .expired_text =
        "The closure of your cloud account $0 has expired. Resources that were released do not come back. "
        "To close it, start again from the beginning under Account Center > Security Settings > Close Account.",
    .unknown_reason = "the final check found a problem.",
    .kind_label = &KindLabel,
    .duration = &Duration,
};

}  // namespace

const Phrases& EnglishPhrases() { return kEnglish; }

}  // namespace closure
