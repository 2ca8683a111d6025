// SPDX-License-Identifier: Apache-2.0
#include "server/phrases.h"
#include "server/strings.h"

namespace closure {
namespace {

std::string_view KindLabel(v1::ItemKind kind) {
  switch (kind) {
    case v1::UNPAID_BILL:
      return "未付清的账单";
    case v1::UNBILLED_CHARGE:
      return "未出账的费用";
    case v1::CREDIT_NOTE:
      return "贷记单";
    case v1::BALANCE:
      return "余额（将被放弃）";
    case v1::DEBT:
      return "欠款（将被核销）";
    case v1::PAY_AS_YOU_GO_RESOURCE:
      return "按量付费资源及其全部数据";
    case v1::SUBSCRIPTION_RESOURCE:
      return "包年包月资源及其全部数据";
    case v1::DOMAIN_NAME:
      return "域名";
    case v1::ICP_FILING:
      return "ICP 备案";
    case v1::DIRECTORY_MANAGEMENT_ACCOUNT:
    case v1::DIRECTORY_RESOURCE_ACCOUNT:
    case v1::DIRECTORY_CLOUD_ACCOUNT:
      return "资源目录";
    case v1::TRUSTEESHIP_ADMINISTRATOR:
      return "财务托管";
    case v1::RESELLER_CUSTOMER:
      return "经销商关系";
    default:
      return "其他事项";
  }
}

std::string Duration(absl::Duration duration) {
  const WholeDuration whole = InLargestUnit(duration);
  constexpr std::string_view kUnits[] = {"秒", "分钟", "小时", "天"};
  return Concat(whole.number, " ", kUnits[static_cast<int>(whole.unit)]);
}

constexpr Phrases kChinese = {
    .discard_intro = "您即将放弃账号 $0 的以下内容，此操作无法撤销：",
    .discard_nothing = "账号 $0 目前没有可以放弃的内容。",
    .discard_resources = "资源会立即释放，其数据会立即删除，无法恢复；即使您之后取消注销，或注销被中止，也不会恢复。",
    .discard_money =
        "您放弃的资金现在即被记录：余额在静默期开始时被收回，欠款在账号删除时被核销。如果注销在此之前因取消、过期或中止"
        "而结束，尚未执行的部分"
        "不再执行：余额仍归您所有，欠款仍需支付。已被收回的余额不予退还。",
    .confirm_intro =
        "您即将永久注销账号 "
        "$0。此操作是永久性的，无法撤销。该账号的所有数据、资源、信息和资产都会被删除且无法恢复；资源实例、服务、资金、"
        "账单和发票也无法恢复。该账号将再也无法登录。与第三方账号的绑定会被解除。",
    .confirm_renounced = "您已放弃以下内容，本次确认后它们将会失去：",
    .confirm_nothing_renounced = "您在本次注销中没有放弃任何资金。",
    .confirm_late_settlement =
        "关于同意后续结算：延迟的计费可能留下小额欠款或余额。如果您同意，最终检查发现的、结算币种下不超过 $1 的欠款会被核销，不超过 $0 "
        "的余额会被收回；"
        "每个币种的限额与您此前放弃的金额合并计算。如果您不同意，或金额超过限额，或有延迟到达且未支付的账单，"
        "注销会被中止，账号会被恢复。",
    .confirm_abort =
        "如果注销被中止，已释放、已退订或已收回的内容不会恢复。届时您需要登录，处理未结清的事项，并从头重新开始。",
    .item_line = "- $0：$1$2",
    .more_items = "- 另有 $0 项",
    .balance_note = "账号注销后，剩余余额无法提现。",
    .silent_period =
        "在您确认之后约五分钟内，为期 $0 "
        "的静默期开始。静默期既不能撤销，也不能缩短，您和其他任何人都不能。您会在所有地方退出登录；您只能登录"
        "查看剩余时间。静默期一旦开始，已退订的资源和已放弃的余额即不复存在。",
    .code_subject = "您的云账号注销验证码",
    .code_mail =
        "您的验证码是 $0，有效期 "
        "$1。\n\n有人以您云账号所有者的身份登录，并请求永久注销该账号。如果不是您本人操作，请勿将验证码告诉任何人，"
        "并请修改密码，与我们联系。\n",
    .code_text = "$0 是您的云账号注销验证码，有效期 $1。如果不是您本人操作，请勿告诉任何人，并请修改密码。",
    .closed_subject = "您的云账号 $0 已注销",
    .closed_mail =
        "您的云账号 $0 "
        "注销成功。该账号及其所有数据、资源、信息和资产已被永久删除，无法恢复，也无法再用它登录。如需再次使用云服务，请"
        "创建新账号。\n",
    .closed_text = "您的云账号 $0 已注销，该账号及其所有数据已被永久删除，无法恢复。",
    .aborted_subject = "您的云账号 $0 未能注销",
    .aborted_mail =
        "您的云账号 $0 "
        "的注销已被中止，账号已恢复正常状态。\n\n原因：$"
        "1\n\n此前已释放、已退订或已收回的内容不会恢复。如果您仍要注销该账号，请登录，"
        "处理未结清的事项，并在“账号中心 > 安全设置 > 注销账号”从头重新开始；注销无法继续进行。\n",
    .aborted_text =
        "您的云账号 $0 未能注销，账号已恢复。原因：$1 "
        "已释放或已收回的内容不会恢复。如需注销，请登录处理未结清的事项，并在“账号中心 > 安全设置 > "
        "注销账号”从头重新开始。",
    .cancelled_subject = "您的云账号 $0 的注销已取消",
    .cancelled_mail =
        "您已取消云账号 $0 "
        "的注销，账号保持正常状态。此前已释放的资源不会恢复；您放弃的资金保持原样。如果以后要注销该账号，请在“账号中心 "
        "> 安全设置 > 注销账号”从头重新开始"
        "。\n",
    .cancelled_text =
        "您已取消云账号 $0 的注销。已释放的资源不会恢复。如果以后要注销，请在“账号中心 > 安全设置 > "
        "注销账号”从头重新开始。",
    .gone_subject = "您的云账号 $0 的注销已结束",
    .gone_mail = "您的云账号 $0 的注销已结束，因为该账号已通过其他途径被删除。\n",
    .gone_text = "您的云账号 $0 的注销已结束：该账号已通过其他途径被删除。",
    .expired_subject = "您的云账号 $0 的注销已过期",
    .expired_mail =
        "您的云账号 $0 "
        "的注销因长时间没有操作而过期，账号保持正常状态。此前已释放的资源不会恢复；您放弃的资金保持原样。如需注销该账号"
        "，请在“账号中心 > 安全设置 > 注销账号”从头重新开始。\n",
    .expired_text =
        "您的云账号 $0 的注销已过期。已释放的资源不会恢复。如需注销，请在“账号中心 > 安全设置 > "
        "注销账号”从头重新开始。",
    .unknown_reason = "最终检查发现了问题。",
    .kind_label = &KindLabel,
    .duration = &Duration,
};

}  // namespace

const Phrases& ChinesePhrases() { return kChinese; }

}  // namespace closure
