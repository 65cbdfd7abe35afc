-- Post the texts of a file in turn, N a request:
--
--     wrk --latency -s post.lua URL -- FILE N
local requests, at = {}, 0

function init(args)
    local texts, n = {}, tonumber(args[2])
    for text in io.lines(args[1]) do
        texts[#texts + 1] = text
        if #texts == n then
            requests[#requests + 1] = wrk.format("POST", nil, nil, table.concat(texts, "\n"))
            texts = {}
        end
    end
end

function request()
    at = at % #requests + 1
    return requests[at]
end
