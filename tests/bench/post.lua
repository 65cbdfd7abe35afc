-- Post the texts of a file in turn, N a request:
--
--     wrk --latency -s post.lua URL -- FILE N
local bodies, at = {}, 0

function init(args)
    local texts, n = {}, tonumber(args[2])
    for text in io.lines(args[1]) do
        texts[#texts + 1] = text
        if #texts == n then
            bodies[#bodies + 1] = table.concat(texts, "\n")
            texts = {}
        end
    end
end

function request()
    at = at % #bodies + 1
    return wrk.format("POST", nil, nil, bodies[at])
end
