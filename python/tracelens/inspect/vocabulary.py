"""What names mean, in English and Chinese: names of columns, names of actions, names of sides.

Words are data: to teach the guess a new one is to add it here. A name is taken apart at capitals, underscores and dots
(``userId``, ``user_id`` and ``user.id`` are one name); Chinese names are searched for the word anywhere.
"""

from __future__ import annotations

import re
from functools import lru_cache

_ID = r"(?:_?(?:id|ids|uuid|guid|key|no|num|number|code|pseudo_id|hash|name))?"

COLUMNS: dict[str, tuple[tuple[float, str], ...]] = {
    "user": (
        (1.0, rf"(?:user|visitor|customer|member|participant|respondent|buyer|player|learner|student|person){_ID}"),
        (1.0, r"uid|userid|visitorid|memberid|custid|cust_id|user_login|login|username|用户.*|会员.*|顾客.*|客户.*|买家.*"),
        (0.85, rf"(?:subject|client|account|author|reviewer|actor|persona|twin|panelist|subscriber|acting_user){_ID}"),
        (0.85, r"reviewerid|preference_id|账号.*|账户.*|作者.*|被试.*|受访者.*|玩家.*|学生.*"),
        (0.5, rf"(?:agent|device|cookie|anonymous|distinct|owner|sender|from|src|source_user|resource){_ID}|设备.*"),
        (0.3, r"(?:ga_)?session_?id|session|run|run_dir|run_id|trace_id|traceid|case|case_id|thread_id|conversation_id"),
        (0.3, r"dialogue_id|dialog_id|visit_id|ip|ip_address|会话.*"),
    ),
    "time": (
        (1.0, r"time|timestamp|ts|datetime|date_?time|event_time(?:stamp)?|time_?stamp|unixts|unix_?time|when|时间.*"),
        (0.9, r"(?:event|action|click|log|request|server|client|local|start|begin|order|visit|watch|view|unix)_?"
              r"(?:time|timestamp|ts|at|date)(?:_?(?:s|ms|us|ns|millis|micros|seconds|utc|unix|unix_?nano))?"),
        (0.9, r"(?:time|timestamp|ts)_?(?:s|ms|us|ns|millis|micros|seconds|utc|unix|unix_?nano)|.*时间|.*时刻"),
        (0.75, r"created|created_?(?:at|on|time|date|utc)?|at|on|date|day|event_date|日期.*|.*日期"),
        (0.4, r".*_(?:time|timestamp|date|at|ts)|date_.*|time_.*"),
        (0.15, r"(?:updated|modified|expire|expires|registered|birth|first|last|end|finish)_?(?:at|on|time|date|day)?.*"),
    ),
    "action": (
        (1.0, r"action|action_?(?:type|name)|event|event_?(?:type|name)|behaviou?r|behaviou?r_?(?:type|name)"),
        (1.0, r"行为.*|动作.*|事件.*|操作.*|user_action|interaction|interaction_?type|user_event"),
        (0.9, r"activity|activity_name|concept_name|verb|op|operation|act|event_?kind|action_?kind|event_?action"),
        (0.7, r"type|msg_type|message_type|record_type|log_type|feedback_type|类型"),
        (0.5, r"intent|intent_.*|kind|what|command|cmd|method|tool|tool_name|span_kind|意图.*"),
        (0.35, r"name|label|status|state|名称"),
    ),
    "scenario": (
        (1.0, r"scenario|scene|scene_?(?:id|name|type)|场景.*"),
        (0.9, r"page|page_?(?:type|name)|tab|surface|screen|screen_name|module|section|area|页面.*|频道.*|模块.*|板块.*"),
        (0.8, r"channel|channel_?(?:id|name|type)|task|task_?(?:type|name)|domain|study|study_name|app|app_name|渠道.*|任务.*"),
        (0.6, r"context|context_?type|type|environment|env|board|forum|subreddit|room|类型|来源.*"),
        (0.45, r"source|medium|platform|feed|condition|treatment|experiment|平台.*"),
    ),
    "item": (
        (1.0, rf"(?:item|product|goods|good|sku|video|photo|article|song|track|movie|book|creative){_ID}"),
        (1.0, r"(?:content|post|note|news|ad|feed|message|query)_?(?:id|uuid|key|no|hash)"),
        (1.0, r"itemid|productid|videoid|movieid|bookid|asin|isbn|商品.*|视频.*|作品.*|物品.*|歌曲.*|电影.*|文章.*|item_sku"),
        (0.8, rf"(?:business|restaurant|shop|store|merchant|live|room|question|query|variable|course|game){_ID}"),
        (0.8, rf"(?:listing|recipe|artist|offer|hotel|target|object|entity|resource|file|document|doc|题目|变量){_ID}"),
        (0.6, r"url|uri|path|page_location|page_url|link|href|tgt|dst|parent_id|店铺.*|店名.*|task_id|program.*"),
        (0.4, r"title|item_title|video_title|caption|live_title|标题.*"),
    ),
    "category": (
        (1.0, r"(?:item_|product_|main_|sub_)?(?:category|categories|cate|cat|genre|genres)(?:_?(?:id|name|code|level\d*))*"),
        (1.0, r"categoryid|category_level\d_name|类目.*|分类.*|品类.*|一级.*类.*"),
        (0.8, r"(?:live_|video_|item_)?(?:category|tag|tags|topic|topics|industry|industry_main|class|department|标签.*|行业.*)"),
        (0.6, r"brand|brand_.*|series|type_name|subject_area|section|品牌.*|话题.*"),
    ),
    "value": (
        (1.0, r"value|price|unit_price|amount|amt|revenue|duration|watch_?time|dwell_?time|dwell|金额.*|价格.*|时长.*"),
        (1.0, r"(?:play|watch|view|stay|read|listen|session)_?(?:time|duration|seconds|secs|ms|time_ms|duration_ms)"),
        (0.9, r"rating|score|stars|overall|grade|reward|评分.*|分数.*|星级.*|.*时长|.*金额|.*价格"),
        (0.7, r"(?:.*_)?(?:duration|price|amount|seconds|secs|revenue|cost|total|gift_amount|bid|spend)(?:_(?:ms|s|usd|cny))?"),
        (0.5, r"engagement_time_msec|length|size|returncode|satisfaction|播放.*|response_value|answer_value|quantity|数量"),
    ),
    "count": ((1.0, r"count|cnt|n_events|event_count|次数|times|freq|frequency"),),
    "text": (
        (1.0, r"text|content|query|keyword|keywords|search_(?:term|query|keyword|text)|utterance|message|内容.*|搜索词.*|关键词.*"),
        (0.9, r"comment|comment_text|review|review_text|reviewtext|body|msg|transcript|prompt|answer_text|评论.*|留言.*|文本.*"),
        (0.6, r"title|caption|item_title|video_title|live_title|summary|description|question_text|标题.*|描述.*"),
    ),
    "seq": ((1.0, r"seq|sequence|seq_?(?:no|num)|event_?(?:number|index|no)|step|turn|turn_?(?:id|index|no)|position|序号|轮次"),
            (0.7, r"order|index|idx|rank|line|bundle_sequence_id|row")),
    "valence": ((1.0, r"valence|sentiment|polarity|attitude|sentiment_score|情感.*|态度.*"),),
    "occurred": ((1.0, r"occurred|happened|did_happen|took_place|是否发生"),),
    "role": ((1.0, r"event_role|role"),),
}  # fmt: skip
"""Event column -> (how sure, names), the best first."""

RATING = r"(?:.*_)?(?:rating|stars|overall|satisfaction|review_score|score)|评分.*|星级.*|满意度.*"
"""Names of columns whose middle is neither good nor bad."""

INTERVALS = r"(?:play|watch|view|stay|read|listen|dwell)_?(?:time|duration|seconds|secs|ms|time_ms|duration_ms)|.*时长"
"""Names of columns that say how long something was watched: above 0 it was."""

_NEGATED = r"(?:un|dis|de|not_|no_|cancel_|remove_|stop_|delete_)"
_DEEDS: dict[str, str] = {
    "exposure": r"impression|impressions|imp|show|shown|expose|exposed|exposure|display|displayed|serve|served|view|viewed"
    r"|pv|pageview|page_view|page_load|seen|present|recommended|曝光|展示|展现|推荐展示|呈现",
    "passive": r"watch|watched|play|played|scroll|scrolled|swipe|read|listen|browse|browsed|dwell|hover|stay|long_view|stream"
    r"|autoplay|heartbeat|ping|观看|播放|滑动|滚动|浏览|停留|收听|阅读",
    "conversion": r"purchase|purchased|buy|bought|pay|paid|payment|order|ordered|place_order|checkout_complete|transaction"
    r"|conversion|convert|converted|subscribe|subscribed|sign_up|signup|register|book|booked|booking|submit_order|deal"
    r"|购买|支付|付款|下单|成交|转化|订阅|注册|预订|订购",
    "active": r"click|clicked|tap|search|query|open|enter|login|logout|cart|add_to_cart|addtocart|add_cart|comment|reply|post"
    r"|message|rate|review|vote|download|install|checkout|begin_checkout|select_item|view_item|remove_from_cart|visit|chat"
    r"|answer|ask|edit|forward|点击|搜索|加购|加入购物车|购物车|评论|回复|发布|打开|进入|下载|安装|登录|私信|转发",
}
_POSITIVE = (
    r"like|liked|love|favou?rite|fav|collect|collected|bookmark|save|follow|followed|share|shared|upvote|thumbs_?up|star"
    r"|recommend|praise|send_gift|gift|join_group|wishlist|add_to_wishlist|retweet|repost|helpful"
    r"|点赞|喜欢|收藏|关注|分享|送礼|赞|好评|转发"
)
_NEGATIVE = (
    r"hate|hated|block|blocked|report|reported|refund|refunded|return|returned|complain|complaint|downvote|thumbs_?down"
    r"|not_interested|reduce_similar|mute|hide|uninstall|churn|reject|rejected|dislike|disliked|negative_feedback|spam"
    r"|踩|举报|退款|退货|投诉|拉黑|屏蔽|差评|卸载|拒绝|减少相似"
)
_NEGATED_CHINESE = r"(?:不|取消|没|别|停止|删除|移除)"
_OUTCOMES = {  # a negated one of these is negative; a negated other is merely not the thing
    "positive": _POSITIVE + r"|subscribe|interested|感兴趣|订阅",
    "conversion": _DEEDS["conversion"],
}

HUMANS = {"human", "humans", "real", "person", "people", "real_user", "respondent", "真人", "人类", "真实"}
MACHINES = {
    *("twin", "sim", "simulated", "simulation", "synthetic", "llm", "ai", "model", "bot", "agent", "gpt", "persona"),
    *("machine", "generated", "digital_twin", "virtual", "模拟", "仿真", "机器", "模型"),
}
"""Values of a column that tells people from their simulations."""

SPEAKERS = {"user", "human", "customer", "client", "visitor", "用户", "顾客", "客户", "用户端"}
ASSISTANTS = {
    *("assistant", "system", "tool", "gpt", "bot", "ai", "model", "function", "agent", "chatgpt", "developer", "prompter"),
    *("助手", "客服", "系统", "机器人", "助理"),
}
"""Values of a column that says who speaks: those who are users and those who are not."""

SCHEMA_WORDS = {
    *("data", "result", "results", "events", "event", "items", "records", "rows", "log", "logs", "users", "sessions", "list"),
    *("response", "payload", "body", "content", "hits", "history", "messages", "conversations", "actions", "spans", "traces"),
    *("value", "values", "output", "entries", "documents", "docs", "root", "sample", "samples", "meta", "info", "export"),
}
"""Keys that name a part of a document; a lone key of another kind is taken for an id."""


@lru_cache(maxsize=4096)
def plain(name: str) -> str:
    """Return a name in lower case with underscores between its words."""
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return re.sub(r"[^\w]+|_+", "_", text.lower()).strip("_")


@lru_cache(maxsize=4096)
def likeness(role: str, name: str) -> float:
    """How much a column's name sounds like an event column, from 0 to 1."""
    text = plain(name)
    return max((sure for sure, names in COLUMNS[role] if re.fullmatch(names, text)), default=0.0)


def _says(words: str, text: str) -> bool:
    """Whether one of the words stands in the text as a word (Chinese: anywhere)."""
    return re.search(rf"(?:^|_)(?:{words})(?:_|$|\d)", text) is not None or any(
        word in text for word in words.split("|") if not word.isascii()
    )


@lru_cache(maxsize=4096)
def role_of(action: str) -> str | None:
    """Exposure, passive, active or conversion, where an action's name says so."""
    text = plain(action)
    if valence_of(action) < 0 or _negated(text, _DEEDS["conversion"]):
        return "active"
    if _says(r"add_to_cart|addtocart|add_cart|begin_checkout|view_item|select_item|comment|search|click|remove_from_cart", text):
        return "exposure" if _says("view_item", text) else "active"
    found = [role for role in ("conversion", "exposure", "passive", "active") if _says(_DEEDS[role], text)]
    if found:
        return found[0]
    return "active" if valence_of(action) > 0 else None


@lru_cache(maxsize=4096)
def valence_of(action: str) -> int:
    """Return 1 or -1 where an action's name tells liking from disliking, else 0."""
    text = plain(action)
    if _says(_NEGATIVE, text) or any(_negated(text, words) for words in _OUTCOMES.values()):
        return -1
    if _says(_POSITIVE, text) or _says(_DEEDS["conversion"], text):
        return 1
    return 0


def _negated(text: str, words: str) -> bool:
    """``unfollow``, ``order_cancel``, ``取消关注``."""
    if re.search(rf"(?:^|_){_NEGATED}_?(?:{words})(?:_|$)|(?:^|_)(?:{words})_(?:cancel|cancelled|canceled|undo)(?:_|$)", text):
        return True
    chinese = "|".join(word for word in words.split("|") if not word.isascii())
    return bool(chinese) and re.search(rf"{_NEGATED_CHINESE}(?:{chinese})", text) is not None
