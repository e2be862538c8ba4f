namespace ConvTransfer.Graphs;

/// <summary>Writes a value's new name wherever the old one stood.</summary>
internal static class ValueRenaming
{
    /// <summary>The graph with the value renamed, also in the bodies of its nodes as far as they do not define the old name themselves.</summary>
    public static Graph Apply(Graph graph, string from, string to)
    {
        string Name(string name) => name == from ? to : name;
        ValueList<string> Names(ValueList<string> names) => names.IndexOf(from) < 0 ? names : names.Select(Name).ToValueList();
        ValueList<ValueInfo> Infos(ValueList<ValueInfo> infos) => infos.Select(v => v.Name == from ? v with { Name = to } : v).ToValueList();
        return graph with
        {
            Nodes = graph.Nodes.Select(n => n with { Inputs = Names(n.Inputs), Outputs = Names(n.Outputs), Attributes = n.Attributes.Select(a => Attribute(a, from, to)).ToValueList() }).ToValueList(),
            Inputs = Infos(graph.Inputs),
            Outputs = Infos(graph.Outputs),
            ValueInfos = Infos(graph.ValueInfos),
            Initializers = graph.Initializers.Select(t => t.Name == from ? t with { Name = to } : t).ToValueList(),
        };
    }

    private static NodeAttribute Attribute(NodeAttribute attribute, string from, string to) => attribute.Value switch
    {
        AttributeValue.Subgraph one => attribute with { Value = new AttributeValue.Subgraph(Body(one.Value, from, to)) },
        AttributeValue.Subgraphs many => attribute with { Value = new AttributeValue.Subgraphs(many.Values.Select(g => Body(g, from, to)).ToValueList()) },
        _ => attribute,
    };

    private static Graph Body(Graph body, string from, string to) => body.Captures().Contains(from) ? Apply(body, from, to) : body;
}
