using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators;
using ConvTransfer.Runtime;

namespace ConvTransfer.Training;

/// <summary>Finds the first layer whose result is not finite, by running the trained part again with its values asked for: as many at a time as fit into the memory.</summary>
internal static class NonFiniteSearch
{
    /// <summary>The node, or null where all results are finite: then it is a gradient that is not.</summary>
    /// <exception cref="ConvTransferException">Not even one value can be asked for within the memory limit.</exception>
    public static Node? First(NetworkSplit split, TrainedWeights weights, TrainingStep step, Limits limits)
    {
        var model = split.ForTraining();
        var byName = split.Frontier.Zip(step.Frontier).Concat(split.Dropouts.Select(d => d.Mask).Zip(step.Masks)).Concat(weights.Names.Zip(weights.All)).ToDictionary(x => x.First, x => x.Second);
        return First(model, model.Graph.Nodes.AsSpan(), byName, limits);
    }

    private static Node? First(Model model, ReadOnlySpan<Node> nodes, IReadOnlyDictionary<string, Tensor> byName, Limits limits)
    {
        try
        {
            return FirstAtOnce(model, nodes, byName, limits);
        }
        catch (ConvTransferException e) when (e.Cause == FailureCause.Limit && nodes.Length > 1)
        {
            int half = nodes.Length / 2;
            return First(model, nodes[..half], byName, limits) ?? First(model, nodes[half..], byName, limits);
        }
    }

    private static Node? FirstAtOnce(Model model, ReadOnlySpan<Node> nodes, IReadOnlyDictionary<string, Tensor> byName, Limits limits)
    {
        string[] values = new string[nodes.Length];
        for (int i = 0; i < values.Length; i++) values[i] = nodes[i].Outputs[0];
        using var planner = new Planner(model, values, limits, OperatorSet.Training);
        using var session = planner.CreateSession(1);
        var results = session.Run([.. planner.Inputs.Select(i => byName[i.Name])]);
        try
        {
            for (int i = 0; i < results.Length; i++)
            {
                if (results[i].ElementType != ElementType.Float32) continue;
                foreach (float value in results[i].AsSpan<float>())
                    if (!float.IsFinite(value)) return nodes[i];
            }
            return null;
        }
        finally
        {
            foreach (var result in results) result.Dispose();
        }
    }
}
