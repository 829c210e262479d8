#include "report/html_style.h"

namespace bartizan::report {
namespace {

// Contrast of every text colour on its ground is at least 4.5 (WCAG 2.1 AA); tests/report/check_outputs.py computes it.
constexpr std::string_view kLight = R"(
color-scheme:light;--paper:#f7f6f3;--card:#ffffff;--line:#e3e0d9;--ink:#1c2127;--muted:#59626c;--accent:#1d567c;
--quiet:#f1efea;--track:#e6e3dc;
--critical:#a3152f;--high:#b0430b;--medium:#866000;--low:#28658f;--info:#56606a;
--critical-tint:#fcedef;--high-tint:#fdf1e9;--medium-tint:#fbf5e2;--low-tint:#ebf3f9;--info-tint:#f1f2f3;
--good:#2a6b45;--s0:#1d5f92;--s1:#c2540a;--s2:#2c7a4b;--s3:#7a4aa5;--s4:#8a6a00;--s5:#5a6672;)";
constexpr std::string_view kDark = R"(
color-scheme:dark;--paper:#12161b;--card:#1a2027;--line:#2d353f;--ink:#e7eaee;--muted:#a4aeb9;--accent:#8cc3ea;
--quiet:#212932;--track:#323b46;
--critical:#ff8c9d;--high:#ffa877;--medium:#eec25a;--low:#8fc5ee;--info:#b1bac4;
--critical-tint:#3a1c23;--high-tint:#38251a;--medium-tint:#352c15;--low-tint:#1a2d3b;--info-tint:#262d35;
--good:#7ccf9d;--s0:#74b6ea;--s1:#f59a5b;--s2:#74c997;--s3:#c19bea;--s4:#dcbc4f;--s5:#aab4bf;)";

constexpr std::string_view kPage = R"(
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);line-height:1.6;font-size:1rem;
font-family:ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","Noto Sans",Arial,sans-serif}
.page{max-width:58rem;margin:0 auto;padding:0 1.25rem 4rem}
h1,h2,h3,h4,p,ul,ol,dl,figure{margin:0}
h1,h2,h3{line-height:1.25;letter-spacing:-.012em;text-wrap:balance}
h2{font-size:1.35rem;margin:3.25rem 0 1rem}
h4{font-size:.8rem;letter-spacing:.06em;text-transform:uppercase;color:var(--muted);font-weight:600;margin:0 0 .4rem}
p,h1,h2,h3,dd,li,figcaption,summary{overflow-wrap:anywhere}td{overflow-wrap:break-word}
a{color:inherit;text-decoration-color:var(--line);text-underline-offset:.2em}
a:hover{text-decoration-color:currentColor}
:focus-visible{outline:3px solid var(--accent);outline-offset:3px;border-radius:4px}
small,.small{font-size:.85rem;color:var(--muted)}
code,.mono{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.86em}
.skip{position:absolute;left:-99rem}.skip:focus{left:1rem;top:1rem;background:var(--card);padding:.5rem 1rem}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.top{display:flex;align-items:center;justify-content:space-between;gap:1rem;padding:1.4rem 0 1.6rem;flex-wrap:wrap}
.brand{display:flex;align-items:center;gap:.6rem;font-weight:650;letter-spacing:-.01em;font-size:1.1rem}
.brand svg{width:1.75rem;height:1.75rem;color:var(--accent)}.brand small{font-weight:400}
.theme{border:1px solid var(--line);border-radius:99px;padding:.15rem;display:flex;background:var(--card);margin:0}
.theme label{cursor:pointer}.theme input{position:absolute;opacity:0}
.theme span{display:block;padding:.2rem .8rem;border-radius:99px;font-size:.82rem;color:var(--muted)}
.theme input:checked+span{background:var(--quiet);color:var(--ink);font-weight:600}
.theme input:focus-visible+span{outline:3px solid var(--accent)}
.card{background:var(--card);border:1px solid var(--line);border-radius:14px}
.critical{--c:var(--critical);--t:var(--critical-tint)}.high{--c:var(--high);--t:var(--high-tint)}
.medium{--c:var(--medium);--t:var(--medium-tint)}.low{--c:var(--low);--t:var(--low-tint)}
.info{--c:var(--info);--t:var(--info-tint)}
.verdict{padding:2.1rem 2.2rem;display:grid;grid-template-columns:1fr auto;gap:1rem 2.5rem;align-items:center;
border-top:5px solid var(--c)}
.verdict h1{font-size:clamp(1.6rem,1.2rem + 2vw,2.3rem);color:var(--c);margin:.15rem 0 .7rem}
.verdict p{font-size:1.08rem;max-width:38rem}
.eyebrow{font-size:.9rem!important;color:var(--muted)}
.ring{width:8.5rem;text-align:center}.ring svg{display:block;width:100%;height:auto}
.ring .track{fill:none;stroke:var(--track);stroke-width:9}
.ring .arc{fill:none;stroke:var(--c);stroke-width:9;stroke-linecap:round}
.ring .score{font-size:38px;font-weight:650;fill:var(--ink);letter-spacing:-.02em}
.ring .of{font-size:12px;fill:var(--muted)}
.counts{grid-column:1/-1;display:flex;flex-wrap:wrap;gap:.5rem;list-style:none;padding:1.1rem 0 0;margin:.2rem 0 0;
border-top:1px solid var(--line)}
.counts li{padding:.2rem .8rem;border-radius:99px;font-size:.9rem;background:var(--t);color:var(--c);font-weight:600}
.counts li.none{background:none;color:var(--muted);font-weight:400;box-shadow:inset 0 0 0 1px var(--line)}
.contents{list-style:none;padding:0;overflow:hidden}
.contents li+li{border-top:1px solid var(--line)}
.contents a{display:grid;grid-template-columns:6.2rem minmax(0,1fr) fit-content(40%);gap:.3rem 1rem;padding:.85rem 1.3rem;text-decoration:none;
align-items:baseline}
.contents a:hover{background:var(--quiet)}
.contents .key{font-variant-numeric:tabular-nums;font-weight:600;white-space:nowrap;text-align:right;min-width:0;overflow:hidden;text-overflow:ellipsis}
.contents .key small{display:block;font-weight:400;font-size:.78rem;line-height:1.3;white-space:normal;max-width:9.5rem}
.tag{display:inline-block;font-size:.78rem;font-weight:650;letter-spacing:.02em;padding:.12rem .65rem;border-radius:99px;
color:var(--c);background:var(--t);white-space:nowrap;justify-self:start}
.finding{padding:1.8rem 2rem 1.6rem;margin:0 0 1.6rem;scroll-margin-top:1rem;border-left:5px solid var(--c)}
.finding>*+*{margin-top:1.35rem}
.finding header{display:flex;flex-wrap:wrap;gap:.3rem .8rem;align-items:baseline}
.finding h3{font-size:1.28rem;margin-top:.7rem}
.finding .meaning{margin-top:.6rem;max-width:44rem}
.figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(13.5rem,1fr));gap:1.2rem 2.2rem}
.figure .name{font-size:.9rem;color:var(--muted)}
.figure .value{font-size:1.75rem;font-weight:650;letter-spacing:-.02em;line-height:1.3;font-variant-numeric:tabular-nums}
.figure:first-child .value{color:var(--c)}
.bar{position:relative;height:.7rem;border-radius:99px;background:var(--track);margin:.45rem 0 .4rem;overflow:visible}
.bar i{position:absolute;display:block}
.bar .fill{left:0;top:0;bottom:0;border-radius:99px;background:var(--b,var(--s0));opacity:.5}
.bar .range{top:.22rem;height:.26rem;background:var(--ink);border-radius:2px;min-width:2px;opacity:.75}
.bar .at{top:-.22rem;bottom:-.22rem;width:3px;margin-left:-1.5px;background:var(--ink);border-radius:2px}
.figure:first-child .bar{--b:var(--c)}
.curve figcaption,.rowtitle{font-weight:600;margin-bottom:.5rem}
.curve figcaption small{font-weight:400}
.plot{width:100%;max-width:46rem;height:auto;display:block}.narrow{display:none}
.plot text{font-size:12.5px;fill:var(--muted);font-family:inherit}.plot .label{fill:var(--ink)}
.grid{stroke:var(--line)}.axis{stroke:var(--muted)}
.line{fill:none;stroke:var(--p);stroke-width:2.2;stroke-linejoin:round}.band{fill:var(--p);opacity:.17}
.dot{fill:var(--card);stroke:var(--p);stroke-width:2}
.s0{--p:var(--s0)}.s1{--p:var(--s1)}.s2{--p:var(--s2)}.s3{--p:var(--s3)}.s4{--p:var(--s4)}.s5{--p:var(--s5)}
.line.s1{stroke-dasharray:7 4}.line.s2{stroke-dasharray:2 4}.line.s3{stroke-dasharray:9 3 2 3}.line.s4{stroke-dasharray:12 4}
.line.s5{stroke-dasharray:4 3}
.legend{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:.2rem 1.4rem;font-size:.9rem;margin:.4rem 0 .5rem}
.legend svg{vertical-align:-1px;margin-right:.45rem}
details summary{cursor:pointer;font-size:.88rem;color:var(--muted);width:fit-content}
details[open] summary{margin-bottom:.5rem}
.pictures{display:grid;grid-template-columns:repeat(auto-fill,minmax(8.2rem,1fr));gap:1rem;max-width:36rem}
.pictures img{display:block;width:100%;height:auto;image-rendering:pixelated;border-radius:8px;border:1px solid var(--line);
background:var(--quiet)}
.pictures figcaption{font-size:.84rem;color:var(--muted);margin-top:.35rem;line-height:1.4}
.rows{display:grid;gap:1.4rem}
.scroll{overflow-x:auto;border:1px solid var(--line);border-radius:10px}
table{border-collapse:collapse;width:100%;font-size:.92rem;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:.5rem .9rem;vertical-align:baseline}
th{font-weight:600;color:var(--muted);font-size:.84rem;background:var(--quiet);white-space:nowrap}
tbody tr+tr td{border-top:1px solid var(--line)}
.evidence td:nth-child(n+2):nth-child(-n+4){white-space:nowrap}
.todo{background:var(--quiet);border-radius:10px;padding:1rem 1.2rem}
.maps{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:.4rem}
.maps li{font-size:.78rem;border:1px solid var(--line);border-radius:6px;padding:.1rem .55rem;color:var(--muted)}
.maps b{font-weight:600;color:var(--ink)}
.status{font-weight:600;white-space:nowrap}.status.done{color:var(--good)}.status.failed,.status.incomplete{color:var(--high)}
.status.skipped{color:var(--muted)}
.probes .why{display:block;font-size:.87rem;color:var(--muted)}
.probes td:nth-child(n+3),.probes th:nth-child(n+3){text-align:right;white-space:nowrap}
.facts{display:grid;grid-template-columns:minmax(8rem,auto) 1fr;padding:1.3rem 1.6rem;gap:.45rem 1.6rem;font-size:.95rem}
.facts dt{color:var(--muted)}.facts dd{margin:0}
.note{margin-top:1rem;font-size:.92rem;color:var(--muted);max-width:46rem}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:1.2rem}
.pair .verdict{grid-template-columns:1fr;align-content:start;padding:1.6rem 1.6rem 1.4rem}
.pair .verdict .ring{width:7rem}.pair .verdict h2{font-size:1.4rem;margin:.15rem 0 .5rem;color:var(--c)}
.pair .verdict p{font-size:1rem}
.lead{margin-bottom:1.6rem}.lead h1{font-size:clamp(1.6rem,1.2rem + 2vw,2.2rem);margin-bottom:.5rem}.lead p{font-size:1.08rem;max-width:44rem}
.change{padding:1.2rem 1.6rem}.change+.change{margin-top:1rem}
.change h3 small{font-weight:400}.change h3{font-size:1.02rem;margin-bottom:.8rem;display:flex;flex-wrap:wrap;gap:.2rem .8rem;align-items:baseline}
.compare{display:grid;grid-template-columns:minmax(6rem,11rem) 1fr minmax(4.5rem,auto);gap:.35rem 1rem;align-items:center;font-size:.95rem}
.compare b{font-variant-numeric:tabular-nums;text-align:right;white-space:nowrap}
.compare .bar{margin:.4rem 0}.compare .first{--b:var(--s1)}.compare .second{--b:var(--s0)}
.delta{font-size:.9rem;color:var(--muted);font-weight:400}.delta.better{color:var(--good);font-weight:600}
.delta.worse{color:var(--high);font-weight:600}
footer{margin-top:3.5rem;padding-top:1.2rem;border-top:1px solid var(--line);font-size:.86rem;color:var(--muted)}
)";

constexpr std::string_view kPhone = R"(
@media(max-width:38rem){
.page{padding:0 .9rem 3rem}h2{margin-top:2.4rem}.wide{display:none}.narrow{display:block}
.verdict{grid-template-columns:1fr;padding:1.4rem 1.2rem 1.2rem}.ring{width:7rem;justify-self:start}
.finding{padding:1.3rem 1.1rem 1.2rem}
.contents a{grid-template-columns:minmax(0,1fr) fit-content(55%);padding:.8rem 1.1rem}.contents .name{grid-column:1/-1;grid-row:2}
th,td{padding:.45rem .65rem}
.evidence thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.evidence tr,.evidence td{display:block}.evidence tr{padding:.6rem .9rem}
.evidence tr+tr{border-top:1px solid var(--line)}.evidence tr+tr td{border:0}
.evidence td{padding:0}.evidence td:first-child{font-weight:600}.evidence td:empty{display:none}
.evidence td[data-label]::before{content:attr(data-label) ": ";color:var(--muted)}.probes .count{display:none}
.facts{grid-template-columns:1fr;gap:0;padding:1.1rem 1.1rem}.facts dd{margin-bottom:.6rem}
.pair{grid-template-columns:1fr}.change{padding:1.1rem}.compare{grid-template-columns:1fr auto}
.compare .bar{grid-column:1/-1;grid-row:auto;margin:.1rem 0 .5rem;order:1}.compare .bar.second{order:3}
.compare .second:not(.bar){order:2}.compare .gap{display:none}
.pictures{grid-template-columns:repeat(3,1fr);gap:.6rem}.pictures figcaption{font-size:.78rem}
})";

constexpr std::string_view kPaper = R"(
@media print{
@page{margin:16mm 14mm}
body{background:#fff;font-size:10.5pt;-webkit-print-color-adjust:exact;print-color-adjust:exact}
.page{max-width:none;padding:0}.theme,.skip,details{display:none}
.card{border-radius:6px}.finding{break-inside:auto}
h2,h3,h4,.rowtitle,figcaption{break-after:avoid}
.figures,.curve,.pictures,.todo,.verdict,.change,tr,.contents li{break-inside:avoid}
.scroll{overflow:visible}a{text-decoration:none}
}
@media(prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}}
)";

}  // namespace

std::string stylesheet() {
    const std::string light(kLight), dark(kDark);
    return ":root{" + light + "}@media screen and (prefers-color-scheme:dark){:root{" + dark +
           "}}@media screen{:root:has(#theme-dark:checked){" + dark + "}:root:has(#theme-light:checked){" + light +
           "}}" + std::string(kPage) + std::string(kPhone) + std::string(kPaper);
}

std::string_view turret_svg() {
    return R"(<svg viewBox="0 0 32 32" aria-hidden="true"><path fill="currentColor" fill-rule="evenodd" d="M6 3h4v3h4V3h4v3h4V3h4v9h-2v9l-4.2 7.4a4.4 4.4 0 0 1-7.6 0L8 21v-9H6zM15 13.5v6h2v-6z"/></svg>)";
}

}  // namespace bartizan::report
