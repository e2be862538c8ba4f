using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators;
using ConvTransfer.Runtime;

namespace ConvTransfer.Training;

/// <summary>Finds where the first number is that is not finite: among the weights, or by running the batch again, forward and then backward, with all values asked for, as many at a time as fit into the memory.</summary>
internal static class NonFiniteSearch
{
    /// <summary>The index of the first number that is infinite or not a number; -1 where all are finite.</summary>
    public static int FirstIn(ReadOnlySpan<float> values)
    {
        for (int i = 0; i < values.Length; i++)
            if (!float.IsFinite(values[i])) return i;
        return -1;
    }

    /// <summary>Where it is, in words, and the node of the network where it is one's result or gradient.</summary>
    /// <exception cref="ConvTransferException">Not even one value can be asked for within the memory limit.</exception>
    public static (string Where, Node? Node) Find(TrainedWeights weights, TrainingStep step, Limits limits)
    {
        for (int i = 0; i < weights.All.Length; i++)
            if (FirstIn(weights.All[i].AsSpan<float>()) is >= 0 and var at) return ($"weight '{DisplayText.Escape(weights.Names[i])}' holds {weights.All[i].AsSpan<float>()[at]} at element {at}: a step moved it too far", null);
        var graph = step.Graph;
        var nodes = graph.Model.Graph.Nodes;
        int gradients = nodes.Count - graph.Sources.Count, layers = gradients - TrainingStep.LossNodes;
        return First(step, limits) switch
        {
            < 0 => ("all results and gradients of this batch are finite: their sum over several batches, or a step, went too far", null),
            var at when at < layers => ($"the first result that is not finite is that of {nodes[at].DisplayName}", nodes[at]),
            var at when at < gradients => ("all results of the layers are finite, but the logits are too large for the loss", null),
            var at when graph.Sources[at - gradients] is { } source => ($"all results of the layers are finite; on the way back the first gradient that is not is that of {source.DisplayName}", source),
            _ => ("all results of the layers are finite; on the way back it is the sum of a weight's gradients that is not", null),
        };
    }

    /// <summary>The index of the first node of the step's graph whose result is not finite; -1 where all are finite.</summary>
    /// <exception cref="ConvTransferException">Not even one value can be asked for within the memory limit.</exception>
    public static int First(TrainingStep step, Limits limits)
    {
        int count = step.Graph.Model.Graph.Nodes.Count, forward = count - step.Graph.Sources.Count;
        return First(step, 0, forward, limits) is >= 0 and var at ? at : First(step, forward, count, limits);
    }

    private static int First(TrainingStep step, int from, int to, Limits limits)
    {
        try
        {
            return FirstAtOnce(step, from, to, limits);
        }
        catch (ConvTransferException e) when (e.Cause == FailureCause.Limit && to - from > 1)
        {
            int half = from + ((to - from) / 2);
            return First(step, from, half, limits) is >= 0 and var at ? at : First(step, half, to, limits);
        }
    }

    private static int FirstAtOnce(TrainingStep step, int from, int to, Limits limits)
    {
        var model = step.Graph.Model;
        (string Value, int Node)[] asked = [.. Enumerable.Range(from, to - from).SelectMany(i => model.Graph.Nodes[i].Outputs.Where(o => o.Length > 0).Select(o => (o, i)))];
        if (asked.Length == 0) return -1;
        using var planner = new Planner(model, Array.ConvertAll(asked, a => a.Value), limits, OperatorSet.Training);
        using var session = planner.CreateSession(1);
        var results = session.Run([.. planner.Inputs.Select(i => step.Inputs[i.Name])]);
        try
        {
            for (int i = 0; i < results.Length; i++)
                if (results[i].ElementType == ElementType.Float32 && FirstIn(results[i].AsSpan<float>()) >= 0) return asked[i].Node;
            return -1;
        }
        finally
        {
            foreach (var result in results) result.Dispose();
        }
    }
}
